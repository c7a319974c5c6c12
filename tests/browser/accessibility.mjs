// What keeps people from using a page, found by a machine: the rules of an accessibility engine, and what engines leave
// out: where the focus goes and whether it is seen, sizes of targets, narrow screens, large text, motion, and shapes
// when the system chooses the colours. Each function answers a list of complaints, in words; empty is good.

import { readFile } from "node:fs/promises";

const ENGINE = new URL("node_modules/accessibility-checker-engine/ace.js", import.meta.url);
const POLICY = "WCAG_2_2";
const TARGET_PX = 24;

/** Runs the engine over what the page shows now. Certain failures only; the rules by which it asks a person are `suspected`. */
export async function violations(page) {
  await settled(page);
  const session = await page.context().newCDPSession(page);
  // Through the debugger, as the page's own policy rightly lets no foreign script in.
  const evaluate = async (expression) => {
    const answer = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    const thrown = answer.exceptionDetails;
    if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text);
    return answer.result.value;
  };
  if ((await evaluate("typeof window.ace")) === "undefined") await evaluate(`${await readFile(ENGINE, "utf8")}\n;window.ace = ace; 0`);
  const results = await evaluate(`new ace.Checker().check(document, [${JSON.stringify(POLICY)}]).then(({ results }) =>
    results.filter(({ value }) => value[0] === "VIOLATION" && value[1] !== "PASS")
      .slice(0, 200)
      .map(({ ruleId, value, message, path, snippet }) =>
        ({ ruleId, how: value[1], text: [ruleId, message, path.dom, snippet.slice(0, 200)].join(" ") })))`);
  await session.detach();
  return {
    violations: results.filter(({ how }) => how === "FAIL").map(({ text }) => text),
    suspected: [...new Set(results.filter(({ how }) => how !== "FAIL").map(({ ruleId }) => ruleId))],
  };
}

/** What fades in has its colours only afterwards. */
function settled(page) {
  return page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime));
    return Promise.allSettled(ending.map(({ finished }) => finished)).then(() => {});
  });
}

/** Tabs through everything that is shown: nothing is a trap, nothing is left out, and it is seen where one is. */
export async function tabOrder(page, most = 400) {
  const complaints = [];
  const reached = new Set();
  let outside = 0;
  await page.evaluate(() => {
    window.scrollTo(0, 0);
    window.tabStops = [];
  });
  // Once around, and through what the browser has beside the page: a dialog begins in the middle.
  for (let steps = 0; steps < most && outside < 2; steps += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(focusStop);
    if (stop === null) {
      outside += 1;
      continue;
    }
    if (stop.isSame) {
      complaints.push(`the focus does not leave ${stop.name}`);
      break;
    }
    if (reached.has(stop.index)) break;
    reached.add(stop.index);
    if (!stop.isMarked) complaints.push(`one cannot see that the focus is on ${stop.name}`);
    if (!stop.isInSight) complaints.push(`the focus goes to ${stop.name}, which is out of sight or covered`);
  }
  return [...complaints, ...(await page.evaluate(leftOut)).map((name) => `Tab does not come to ${name}`)];
}

/** Where the focus is; null outside of the page's content. Runs in the page. */
function focusStop() {
  const node = document.activeElement;
  const { tabStops: stops } = window;
  const isSame = stops.last === node;
  stops.last = node;
  if (node === null || node === document.body) return null;
  if (!stops.includes(node)) stops.push(node);
  const marks = (of) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } = getComputedStyle(of);
    const outline = outlineStyle === "none" || outlineWidth === "0px" ? "" : `${outlineStyle} ${outlineWidth} ${outlineColor}`;
    return `${outline}|${boxShadow}|${borderColor}|${backgroundColor}`;
  };
  // Some show the focus on what is around it, as a row on its link.
  const around = [node, node.closest("label, li, tr, [role=row], [data-testid=agent]") ?? node];
  const withFocus = around.map(marks);
  node.blur();
  const without = around.map(marks);
  node.focus({ preventScroll: true, focusVisible: true });
  const box = node.getBoundingClientRect();
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const label = node.closest("label");
  const isInSight = hit !== null && (node.contains(hit) || hit.contains(node) || label?.contains(hit) === true);
  const name = `<${node.localName}> "${(node.getAttribute("aria-label") ?? node.textContent ?? "").trim().slice(0, 40)}" ${node.dataset.testid ?? node.getAttribute("class")}`;
  return { index: stops.indexOf(node), isSame, name, isMarked: withFocus.some((mark, at) => mark !== without[at]), isInSight };
}

/** What can be used and was not reached. Runs in the page. */
function leftOut() {
  const { tabStops: stops } = window;
  const scope = document.querySelector("dialog[open]") ?? document;
  const usable = [...scope.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"], summary')];
  const missed = usable.filter((node) => {
    if (stops.includes(node) || node.matches(":disabled") || node.tabIndex < 0) return false;
    if (!node.checkVisibility({ visibilityProperty: true })) return false;
    // The arrow keys go through a group of radios.
    return !(node.type === "radio" && stops.some((other) => other.type === "radio" && other.name === node.name));
  });
  const call = (node) => `<${node.localName}> "${node.textContent.trim().slice(0, 40)}" ${node.dataset.testid ?? node.getAttribute("class")}`;
  return missed.slice(0, 10).map(call);
}

/** Targets under 24 px, unless they stand in a line of text or have that much room to themselves (WCAG 2.5.8). */
export function smallTargets(page) {
  return page.evaluate((least) => {
    const scope = document.querySelector("dialog[open]") ?? document;
    const nodes = [...scope.querySelectorAll('a[href], button, input, select, summary, [role="button"], [role="switch"], [role="radio"]')];
    const seen = nodes.filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 0);
    const boxes = seen.map((node) => {
      const own = node.getBoundingClientRect();
      const label = node.matches("input") ? node.closest("label")?.getBoundingClientRect() : undefined;
      return { node, box: label ?? own };
    });
    const isSmall = ({ box }) => box.width < least - 0.5 || box.height < least - 0.5;
    const near = (one, other) => {
      const [x, y] = [one.box.x + one.box.width / 2, one.box.y + one.box.height / 2];
      const dx = Math.max(other.box.left - x, 0, x - other.box.right);
      const dy = Math.max(other.box.top - y, 0, y - other.box.bottom);
      return Math.hypot(dx, dy) < least / 2;
    };
    const inText = ({ node }) => node.matches("p a, li p a") && getComputedStyle(node).display === "inline";
    const crowded = (one) => boxes.some((other) => other !== one && !other.node.contains(one.node) && near(one, other));
    return boxes
      .filter((one) => isSmall(one) && !inText(one) && crowded(one))
      .slice(0, 10)
      .map(({ node, box: { width, height } }) => {
        const words = node.textContent.trim().slice(0, 40);
        return `<${node.localName}> "${words}" is ${Math.round(width)} × ${Math.round(height)} px and close to another`;
      });
  }, TARGET_PX);
}

/** Whether one must scroll sideways, or text is cut off below: at a width, and with text so many times as large. */
export async function cramped(page, { width, height = 800, text = 1 }) {
  await page.setViewportSize({ width, height });
  await page.evaluate((factor) => (document.documentElement.style.fontSize = `${factor * 100}%`), text);
  // A frame for lists that measure their rows.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.evaluate(() => {
    const complaints = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    const call = (node) => `<${node.localName}> "${node.textContent.trim().slice(0, 40)}" ${node.dataset.testid ?? node.getAttribute("class")}`;
    if (scrollWidth > clientWidth) {
      const isBeyond = (node) => node.checkVisibility() && node.getBoundingClientRect().right > clientWidth + 1;
      const beyond = [...document.querySelectorAll("body *")].filter(isBeyond);
      complaints.push(`the page is ${scrollWidth} px wide where ${clientWidth} are there: ${beyond.slice(0, 4).map(call).join(", ")}`);
    }
    for (const node of document.querySelectorAll("body *")) {
      if (complaints.length >= 10 || !node.checkVisibility()) continue;
      const { overflowX, overflowY, clipPath } = getComputedStyle(node);
      const isForReaders = clipPath !== "none" || node.clientHeight <= 1;
      const scrolls = ["auto", "scroll"].includes(overflowX) && node.scrollWidth > node.clientWidth + 1;
      if (scrolls && node.localName !== "pre") complaints.push(`one must scroll ${call(node)} sideways`);
      const cuts = ["hidden", "clip"].includes(overflowY) && node.clientHeight > 0 && node.scrollHeight > node.clientHeight + 3;
      const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== "");
      const isShortened = getComputedStyle(node).webkitLineClamp !== "none";
      if (!cuts || !hasText || isForReaders || isShortened) continue;
      complaints.push(`${call(node)} is cut off: ${node.scrollHeight} px of text in ${node.clientHeight}`);
    }
    // Parts of a page that lie over each other cannot be read.
    const lines = [...document.querySelectorAll('[data-testid="agent"], [data-testid="session"], [data-testid="group-head"]')];
    for (const node of lines) {
      const next = node.nextElementSibling;
      if (next === null || complaints.length >= 10) continue;
      const over = node.getBoundingClientRect().bottom - next.getBoundingClientRect().top;
      if (over > 2 && next.getBoundingClientRect().height > 0) complaints.push(`${call(node)} lies ${Math.round(over)} px over what follows`);
      if (node.scrollHeight > node.clientHeight + 3) complaints.push(`${call(node)} needs ${node.scrollHeight} px and has ${node.clientHeight}`);
    }
    return complaints;
  });
}

/** What moves by itself although motion was asked to be reduced. */
export function motions(page) {
  return page.evaluate(() => {
    const moving = document.getAnimations().filter(({ playState, effect }) => {
      const { duration, iterations, delay } = effect.getComputedTiming();
      return playState === "running" && (Number(duration) + delay) * Math.min(iterations, 1e3) > 100;
    });
    return moving.map(({ animationName, transitionProperty, effect }) => `${animationName ?? transitionProperty} moves ${effect.target?.className ?? ""}`);
  });
}

/** Shapes of a status that cannot be seen, or not be told from another's, by their pixels alone. */
export async function shapeless(page, selectors) {
  const masks = [];
  const blank = await page.context().newPage();
  try {
    for (const [name, selector] of Object.entries(selectors)) {
      const png = await page.locator(selector).first().screenshot({ animations: "disabled", scale: "css" });
      masks.push({ name, ...(await blank.evaluate(maskOf, png.toString("base64"))) });
    }
  } finally {
    await blank.close();
  }
  const complaints = masks.filter(({ share }) => share < 0.05).map(({ name }) => `the shape of ${name} cannot be seen`);
  for (const [index, one] of masks.entries()) {
    for (const other of masks.slice(index + 1)) {
      const differ = one.bits.filter((bit, at) => bit !== other.bits[at]).length / one.bits.length;
      if (differ < 0.08) complaints.push(`${one.name} and ${other.name} have the same shape`);
    }
  }
  return complaints;
}

/** Which pixels of a picture, brought to 16 × 16, are not its ground. Runs in an empty page. */
async function maskOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const side = 16;
  const canvas = new OffscreenCanvas(side, side).getContext("2d");
  canvas.drawImage(picture, 0, 0, side, side);
  const { data } = canvas.getImageData(0, 0, side, side);
  const far = (at) => [0, 1, 2].reduce((sum, colour) => sum + Math.abs(data[at + colour] - data[colour]), 0) > 96;
  const bits = Array.from({ length: side * side }, (_, index) => far(index * 4));
  return { bits, share: bits.filter(Boolean).length / bits.length };
}
