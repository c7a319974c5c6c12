"""Leaves out of the fuzz what the API's document can only say in words: JSON Schema counts characters, and these
texts are bounded in bytes."""

import schemathesis

LABEL_BYTES_MAX = 64
USER_ID_BYTES_MAX = 255


def only_bytes_are_too_many(text, most):
    return isinstance(text, str) and len(text) <= most < len(text.encode(errors="surrogatepass"))


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    labels = body.get("labels") if isinstance(body.get("labels"), dict) else {}
    texts = [(text, LABEL_BYTES_MAX) for pair in labels.items() for text in pair]
    texts.append((body.get("userId"), USER_ID_BYTES_MAX))
    return not any(only_bytes_are_too_many(text, most) for text, most in texts)
