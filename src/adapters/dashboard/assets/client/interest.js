// What a connection asks for. Looked at here first: a browser hides why a handshake was refused, so that a pattern that
// the server does not take would look like a server that is away.
const PATTERN = /^[A-Za-z0-9._:@*-]{1,128}$/;
const TYPES = new Set(["agent:status", "agent:lifecycle", "session:activity"]);
const PATTERNS_MAX = 64;
const STARS_MAX = 4;
const NOBODY = "@@nobody@@";
/** Of the 4 KiB of an address, what is left beside ticket, cursor and path. */
const QUERY_MAX = 3_000;
/** The interest as a copy of its own; throws a RangeError that says what is wrong with it. */
export function checked({ agents, types }) {
    const interest = {};
    if (agents !== undefined)
        interest.agents = agents.map(pattern);
    if (types !== undefined)
        interest.types = types.map(eventType);
    if ((agents?.length ?? 0) > PATTERNS_MAX)
        throw new RangeError(`agents: at most ${PATTERNS_MAX} patterns`);
    if (interestQuery(interest).toString().length > QUERY_MAX) {
        throw new RangeError(`agents: together they do not fit an address: at most ${QUERY_MAX} characters`);
    }
    return interest;
}
/** An address cannot say "none": an empty list in it means all, as if it were absent. */
export function isNothing({ agents, types }) {
    return agents?.length === 0 || types?.length === 0;
}
/** As the query of an address; of nothing it asks for one agent that nobody has, until `subscribe` can say it. */
export function interestQuery(interest) {
    const { agents, types } = interest;
    const query = new URLSearchParams();
    if (isNothing(interest)) {
        query.set("agents", NOBODY);
        return query;
    }
    if (agents !== undefined)
        query.set("agents", agents.join(","));
    if (types !== undefined)
        query.set("types", types.join(","));
    return query;
}
function pattern(text) {
    const isOne = typeof text === "string" && PATTERN.test(text) && text.split("*").length - 1 <= STARS_MAX;
    if (!isOne)
        throw new RangeError(`agents: ${JSON.stringify(text)} is no pattern`);
    return text;
}
function eventType(text) {
    if (!TYPES.has(text))
        throw new RangeError(`types: ${JSON.stringify(text)} is none of ${[...TYPES].join(", ")}`);
    return text;
}
