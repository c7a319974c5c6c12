// Where a time axis has its ticks, and what they say: round local times, days by name. Pure.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1_000, 5_000, 15_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE];
STEPS.push(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR);
const TICK_PIXELS = 84;
const TICKS_MOST = 40;

/** `[{at, label, isDay}]`; a day that begins is named, as what follows belongs to it. */
export function axisOf(from, to, pixels) {
  const least = ((to - from) * TICK_PIXELS) / Math.max(pixels, TICK_PIXELS);
  const step = STEPS.find((ms) => ms >= least);
  const ticks = step === undefined ? dayTicks(from, to, Math.ceil(least / DAY)) : clockTicks(from, to, step);
  return ticks.slice(0, TICKS_MOST);
}

// Each day begins anew, since days on which clocks change are longer or shorter.
function clockTicks(from, to, step) {
  const ticks = [];
  for (let day = midnight(from, 0); day <= to; day = midnight(day, 1)) {
    const next = midnight(day, 1);
    const first = day + Math.max(0, Math.ceil((from - day) / step)) * step;
    for (let at = first; at < next && at <= to; at += step) ticks.push({ at, ...labelOf(at, day, step) });
  }
  return ticks;
}

function labelOf(at, day, step) {
  if (at === day) return { label: dayLabel(at), isDay: true };
  const seconds = step < MINUTE ? { second: "2-digit" } : {};
  const label = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...seconds, hourCycle: "h23" });
  return { label, isDay: false };
}

function dayTicks(from, to, days) {
  const ticks = [];
  const withYear = to - from > 300 * DAY;
  for (let day = midnight(from, 0); day <= to && ticks.length < TICKS_MOST; day = midnight(day, days)) {
    if (day >= from) ticks.push({ at: day, label: dayLabel(day, withYear), isDay: true });
  }
  return ticks;
}

function dayLabel(at, withYear = false) {
  return new Date(at).toLocaleDateString([], { day: "numeric", month: "short", ...(withYear && { year: "numeric" }) });
}

function midnight(at, daysOn) {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + daysOn);
  return day.getTime();
}
