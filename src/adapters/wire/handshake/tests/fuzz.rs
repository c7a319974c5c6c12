//! Nothing in a handshake makes the reader panic.

use proptest::prelude::*;

use super::*;

fn any_value() -> impl Strategy<Value = HeaderValue> {
    let pieces = prop::sample::select(
        &["Bearer", "bearer.", "mission-control.v1", ",", " ", "http://", "null", ":", "é"][..],
    );
    let near = prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    let bytes = prop_oneof![near, any::<Vec<u8>>()];
    bytes.prop_filter_map("a header value", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let names = [header::AUTHORIZATION, header::SEC_WEBSOCKET_PROTOCOL, header::ORIGIN, header::HOST];
    let field = (prop::sample::select(names.to_vec()), any_value());
    prop::collection::vec(field, 0..5).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        headers
    })
}

fn any_query() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(
        &["after", "agents", "types", "token", "ticket", "=", "&", "%", "%4", "%C3%A9", "+", ":", "*", ","][..],
    );
    let near = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![near, any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_head_is_read_or_refused(
        headers in any_headers(),
        query in any_query(),
        query_token: bool,
        behind_tls_proxy: bool,
    ) {
        let _ = bearer(&headers);
        let _ = offers_subprotocol(&headers);
        let rule = OriginRule { allowed: vec!["null".into()], behind_tls_proxy };
        let _ = rule.check(&headers);
        if let Ok(read) = StreamQuery::parse(&query) {
            let _ = (read.cursor(), read.interest());
            if let Ok(Credential::Token(token)) = credential(&headers, read, query_token) {
                prop_assert!(token.reveal().len() <= 8192);
            }
        }
    }

    #[test]
    fn what_was_encoded_is_decoded_to_itself(text: String) {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(decode(&encoded).unwrap(), text);
    }

    #[test]
    fn any_text_is_a_cursor_or_none(text: String, number: u64) {
        let _ = cursor(&text);
        let good = format!("k3f9:{number}");
        prop_assert_eq!(cursor(&good).unwrap().to_string(), good);
    }
}
