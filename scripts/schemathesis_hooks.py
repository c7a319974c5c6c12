"""Leaves out of the fuzz what the API's document can only say in words."""

import schemathesis

LABEL_BYTES_MAX = 64
USER_ID_BYTES_MAX = 255


def only_bytes_are_too_many(text, most):
    """JSON Schema counts characters, and these texts are bounded in bytes."""
    return isinstance(text, str) and len(text) <= most < len(text.encode(errors="surrogatepass"))


def has_nothing_between_commas(query):
    """An empty part of a list is passed over. The schema forbids one, but once sent a list of one empty part is
    an empty list, which is right; tests/openapi.rs asks that."""
    lists = [query[name] for name in ("agents", "types") if name in query]
    return any("" in (parts if isinstance(parts, list) else str(parts).split(",")) for parts in lists)


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    labels = body.get("labels") if isinstance(body.get("labels"), dict) else {}
    texts = [(text, LABEL_BYTES_MAX) for pair in labels.items() for text in pair]
    texts.append((body.get("userId"), USER_ID_BYTES_MAX))
    too_long = any(only_bytes_are_too_many(text, most) for text, most in texts)
    return not too_long and not has_nothing_between_commas(case.query or {})
