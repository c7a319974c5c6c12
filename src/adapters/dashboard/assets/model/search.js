// What a search finds: all its words, wherever they stand. Pure; agents and sessions are never changed in place, so that
// what was read of one once holds as long as it lives.

const texts = new WeakMap();

/** The words of a search. */
export function termsOf(search) {
  return search.toLowerCase().split(/\s+/).filter((term) => term !== "");
}

export function finds(terms, item, textOf) {
  if (terms.length === 0) return true;
  let text = texts.get(item);
  if (text === undefined) {
    text = textOf(item).toLowerCase();
    texts.set(item, text);
  }
  return terms.every((term) => text.includes(term));
}

/** `team=web` is found by "team=web" as by "web". */
export function textOfAgent({ agentId, status, detail }) {
  const labels = Object.entries(detail.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [agentId, status, detail.state ?? "", detail.message ?? "", detail.reason, ...labels].join("\n");
}

export function textOfSession({ agentId, sessionId, lastMessage, detail }) {
  return [agentId, sessionId, lastMessage, detail.state ?? ""].join("\n");
}
