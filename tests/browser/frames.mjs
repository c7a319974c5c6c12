// How a page feels, measured inside it: time between frames, long tasks, the time from a real input to the picture that
// answers it, and what it holds of memory. It measures and judges nothing.

import { within } from "./server.mjs";

const ANSWER_MS = 10_000;

/** Begins to record; `framesOf` ends it. One recording at a time, of at most 20,000 frames. */
export async function watchFrames(page) {
  await page.evaluate(() => {
    const MOST = 20_000;
    const seen = { frames: [], tasks: [], inputs: [], isOver: false, at: performance.now() };
    window.seenFrames = seen;
    let last;
    const frame = (now) => {
      if (last !== undefined) seen.frames.push(now - last);
      last = now;
      if (!seen.isOver && seen.frames.length < MOST) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const observe = (type, options, take) => {
      const isFull = () => seen.inputs.length + seen.tasks.length >= MOST;
      const observer = new PerformanceObserver((list) => list.getEntries().forEach((entry) => isFull() || take(entry)));
      observer.observe({ type, ...options });
      return observer;
    };
    seen.observers = [
      observe("longtask", {}, (entry) => seen.tasks.push(entry.duration)),
      observe("event", { durationThreshold: 16 }, ({ name, duration, interactionId }) => interactionId > 0 && seen.inputs.push({ name, duration })),
    ];
  });
}

/** What was recorded, in whole milliseconds. */
export async function framesOf(page) {
  const { frames, tasks, inputs, tookMs } = await page.evaluate(() => {
    const { seenFrames: seen } = window;
    seen.isOver = true;
    for (const observer of seen.observers) observer.disconnect();
    const { frames, tasks, inputs, at } = seen;
    return { frames, tasks, inputs, tookMs: performance.now() - at };
  });
  const sum = tasks.reduce((total, ms) => total + ms, 0);
  return {
    tookMs: Math.round(tookMs),
    perSecond: Math.round((frames.length / tookMs) * 1_000),
    frames: spread(frames),
    longTasks: { count: tasks.length, longest: Math.round(Math.max(0, ...tasks)), total: Math.round(sum) },
    inputs: spread(inputs.map(({ duration }) => duration)),
  };
}

/**
 * Milliseconds from an input, by the time stamp of its event, to the first picture after the page shows the answer.
 * `type` is the event's; `act` makes it. Shown means: something matches each selector of `has`, nothing matches one of
 * `hasNot`, and where `moved` gives a point, another agent lies there than before.
 */
export async function answered(page, { type, has = [], hasNot = [], moved, act }) {
  await page.evaluate(
    ([type, has, hasNot, moved, ms]) => {
      const lying = () => moved && document.elementFromPoint(moved.x, moved.y)?.closest('[data-testid="agent"]')?.dataset.agentId;
      const before = lying();
      const shown = () =>
        has.every((selector) => document.querySelector(selector) !== null) &&
        !hasNot.some((selector) => document.querySelector(selector) !== null) &&
        (!moved || (lying() !== undefined && lying() !== before));
      window.answer = new Promise((resolve, reject) => {
        let at;
        let isFound = false;
        const look = () => {
          if (at === undefined || isFound || !shown()) return;
          isFound = true;
          end();
          // The frame is on its way to the screen when the task after its callbacks runs.
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(performance.now() - at);
            port2.postMessage(0);
          });
        };
        const heard = (event) => (at ??= event.timeStamp);
        const observer = new MutationObserver(look);
        const timer = setTimeout(() => {
          end();
          reject(new Error(`no answer to ${type}: ${has} without ${hasNot}, heard: ${at !== undefined}`));
        }, ms);
        const end = () => {
          clearTimeout(timer);
          observer.disconnect();
          removeEventListener(type, heard, true);
          removeEventListener("scroll", look, true);
        };
        addEventListener(type, heard, { capture: true, passive: true });
        // Moved rows alone change no element.
        addEventListener("scroll", look, { capture: true, passive: true });
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      });
      window.answer.catch(() => {});
    },
    [type, has, hasNot, moved, ANSWER_MS],
  );
  await act();
  return within(page.evaluate(() => window.answer), `the answer to ${type}`, 2 * ANSWER_MS);
}

/** What the page holds after its garbage was taken away. */
export async function holds(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  return { megabytes: Math.round(of("JSHeapUsedSize") / 100_000) / 10, nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

/** The middle, the tails and the worst of some times, in whole milliseconds. */
export function spread(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
