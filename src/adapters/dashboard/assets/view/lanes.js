// The drawing of a timeline in SVG: status told by colour, pattern, shape and word, events by shapes of their own. No state;
// all text that comes from outside stays text.

import { clockTime, duration } from "../model/words.js";
import { html } from "./html.js";
import { statusLabel } from "./past_words.js";

const STATUS = { y: 30, height: 30 };
const ACTIVITY = { y: 70, height: 34 };
const AXIS_Y = 108;
const HEIGHT = 130;
const MARK_Y = 15;
/** What the picture needs beside the range, and where the lanes of status end. */
export const PLOT = { after: 10, statusEnd: STATUS.y + STATUS.height + 4 };
const LETTER = 7;
const NOW_ROOM = 58;

const GLYPHS = {
  start: "M-4-5.5 5.5 0-4 5.5Z",
  stop: "M-4.5-4.5H4.5V4.5H-4.5Z",
  restart: "M4.3-2.9A5.2 5.2 0 1 0 5.2 1M5.4-6.2V-2.4H1.6",
  crash: "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5",
  removed: "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0M-2.5 0H2.5",
};
const SHAPES = { online: "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z", error: "M0-4.5 5 4-5 4Z", offline: "M-3.5 0A3.5 3.5 0 1 0 3.5 0A3.5 3.5 0 1 0-3.5 0Z", waiting: "M0-5 5 0 0 5-5 0Z" };
const PATTERNS = {
  error: ["M-2 2 2-2M0 8 8 0M6 10 10 6", 8],
  loop: ["M0 0 6 6M6 0 0 6", 6],
  waiting: ["M3 0V6", 6],
  unknown: ["M1 1h1M5 5h1", 8],
};

/** The shape of a start, stop, restart, crash or removal; a dot for what is not known here. */
export function Glyph({ event }) {
  return html`<path class="glyph" data-glyph=${event} d=${GLYPHS[event] ?? "M-2 0A2 2 0 1 0 2 0A2 2 0 1 0-2 0Z"} />`;
}

export function Lanes({ picture, width, isLive, picked, label }) {
  const { from, to, bands, marks, activity, activityFrom, axis } = picture;
  const end = width - PLOT.after;
  const x = (at) => Math.round(((at - from) / (to - from)) * end * 10) / 10;
  const most = Math.max(1, ...activity.map((bin) => bin.count));
  return html`<svg class="tl-svg" data-testid="timeline" role="img" aria-label=${label} viewBox=${`0 0 ${width} ${HEIGHT}`} width=${width} height=${HEIGHT}>
    <defs>${Object.entries(PATTERNS).map(([name, [d, size]]) => html`<pattern key=${name} id=${`tl-${name}`} width=${size} height=${size} patternUnits="userSpaceOnUse">
      <path class="tl-hatch" data-hatch=${name} d=${d} /></pattern>`)}</defs>
    ${axis.map(({ at, isDay }) => html`<line class="tl-grid" data-day=${String(isDay)} x1=${x(at)} x2=${x(at)} y1=${STATUS.y} y2=${AXIS_Y} />`)}
    ${bands.map((band) => html`<${Band} band=${band} x=${x(band.from)} wide=${Math.max(1.5, x(band.to) - x(band.from))} isPicked=${picked?.kind === "band" && picked.from === band.from} />`)}
    ${x(activityFrom) > 1 && html`<rect class="tl-unread" fill="url(#tl-unknown)" x="0" y=${ACTIVITY.y} width=${x(activityFrom)} height=${ACTIVITY.height} />`}
    ${activity.map((bin) => html`<${Bar} key=${bin.from} x=${x(bin.from)} wide=${x(bin.to) - x(bin.from)} part=${bin.count / most} />`)}
    <line class="tl-axis" x1="0" x2=${end} y1=${AXIS_Y} y2=${AXIS_Y} />
    ${axis.map(({ at, label: text, isDay }) => html`<${Tick} x=${x(at)} end=${end} text=${text} isDay=${isDay} />`)}
    ${picked !== null && picked.kind !== "band" && html`<line class="tl-cursor" x1=${x(picked.at)} x2=${x(picked.at)} y1="2" y2=${AXIS_Y} />`}
    ${marks.map((mark) => html`<${Mark} mark=${mark} x=${Math.max(8, x(mark.at))} end=${end} isPicked=${picked?.kind === "mark" && picked.at === mark.at} />`)}
    <g class="tl-now" data-live=${String(isLive)}><line x1=${end} x2=${end} y1=${STATUS.y - 6} y2=${AXIS_Y} /><circle cx=${end} cy=${STATUS.y - 8} r="3.5" />
      <text x=${width} y=${AXIS_Y + 16} text-anchor="end">${isLive ? "now" : `as of ${clockTime(to)}`}</text></g>
  </svg>`;
}

function Band({ band, x, wide, isPicked }) {
  const { status, isLoop, began = band.from, to, count } = band;
  const hatch = isLoop ? "loop" : PATTERNS[status] === undefined ? null : status;
  const word = count > 1 ? `${count}×` : isLoop ? "Crash loop" : statusLabel(status);
  const room = wide - 32;
  const long = `${word} · ${duration(to - began)}`;
  const text = room > long.length * LETTER ? long : room > word.length * LETTER ? word : "";
  const { y, height } = STATUS;
  const gap = wide > 4 ? 1 : 0;
  return html`<g class="tl-band" data-status=${status} data-picked=${String(isPicked)}>
    <rect class="tl-fill" x=${x} y=${y} width=${wide - gap} height=${height} rx=${wide > 8 ? 3 : 0} />
    ${hatch !== null && html`<rect fill=${`url(#tl-${hatch})`} x=${x} y=${y} width=${wide - gap} height=${height} />`}
    <rect class="tl-edge" x=${x} y=${y + height - 3} width=${wide - gap} height="3" />
    ${wide > 22 && SHAPES[status] !== undefined && html`<path class="tl-shape" d=${SHAPES[status]} transform=${`translate(${x + 13} ${y + height / 2 - 1})`} />`}
    ${text !== "" && html`<text x=${x + (SHAPES[status] === undefined ? 10 : 23)} y=${y + height / 2 + 3}>${text}</text>`}
  </g>`;
}

function Bar({ x, wide, part }) {
  const height = Math.max(3, part * ACTIVITY.height);
  return html`<rect class="tl-bar" x=${x + 0.5} y=${ACTIVITY.y + ACTIVITY.height - height} width=${Math.max(1.5, wide - 1)} height=${height} rx="1" />`;
}

function Tick({ x, end, text, isDay }) {
  const half = (text.length * LETTER) / 2;
  if (x < half - 8 || x + half > end - NOW_ROOM) return null;
  return html`<text class="tl-tick" data-day=${String(isDay)} x=${Math.max(half, x)} y=${AXIS_Y + 16} text-anchor="middle">${text}</text>`;
}

function Mark({ mark, x, end, isPicked }) {
  const isLast = x > end - 24;
  return html`<g class="tl-mark" data-mark=${mark.event} data-picked=${String(isPicked)} transform=${`translate(${x} ${MARK_Y})`}>
    <line class="tl-stem" x1="0" x2="0" y1="8" y2=${STATUS.y - MARK_Y} /><circle class="tl-halo" r="9" /><${Glyph} event=${mark.event} />
    ${mark.count > 1 && html`<text class="tl-count" x=${isLast ? -10 : 10} y="4" text-anchor=${isLast ? "end" : "start"}>×${mark.count}</text>`}
  </g>`;
}
