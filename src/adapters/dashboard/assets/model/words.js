// The words of the page: durations, reasons and events in plain English. Pure.

const REASONS = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  crash: "crashed",
  crash_loop: "keeps crashing",
  heard: "known by a sign of life",
  lease_expired: "not heard in time",
  disconnected: "its connection closed",
  not_heard_since_restart: "not heard since the server restarted",
  report: "",
  reported: "",
  status: "",
  activity: "",
};

const STATUSES = { online: "Online", offline: "Offline", error: "Error" };
const EVENTS = { start: "Started", stop: "Stopped", restart: "Restarted", crash: "Crashed" };

export function statusWord(status) {
  return STATUSES[status] ?? spaced(status);
}

/** Why an agent has its status; a reason that is not known here is shown as the server spelled it. */
export function reasonWords(reason) {
  if (typeof reason !== "string") return "";
  return Object.hasOwn(REASONS, reason) ? REASONS[reason] : spaced(reason);
}

/** "Crashed, exit code 137, SIGKILL". */
export function eventWords({ event, exitCode, signal }) {
  const parts = [EVENTS[event] ?? spaced(event)];
  if (exitCode !== undefined && exitCode !== null) parts.push(`exit code ${exitCode}`);
  if (signal) parts.push(String(signal));
  return parts.join(", ");
}

/** "8s", "3m 05s", "2h 10m", "4d 3h": the same width while it ticks. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** "now", "12s ago", "6m ago". */
export function ago(ms) {
  return ms < 1000 ? "now" : `${duration(ms).split(" ", 1)} ago`;
}

export function clockTime(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** For `datetime`; null for a time that a Date cannot hold, which reports may name. */
export function isoTime(ms) {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export function fullTime(ms) {
  return new Date(ms).toLocaleString();
}

export function count(number) {
  return number.toLocaleString("en");
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function spaced(word) {
  return String(word ?? "unknown").replaceAll("_", " ");
}
