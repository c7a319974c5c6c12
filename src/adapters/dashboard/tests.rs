//! What a browser gets from the page's routes, and what the files themselves promise.

use warp::http::StatusCode;
use warp::test::request;

use super::embed::Asset;
use super::routes;

#[tokio::test]
async fn the_root_is_the_page_and_is_fenced_in() {
    let answer = request().path("/").reply(&routes()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-cache");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert_eq!(
        answer.headers()["content-security-policy"],
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert!(answer.body().starts_with(b"<!doctype html>"));
}

#[tokio::test]
async fn every_file_is_served_with_a_type_a_browser_accepts() {
    for name in Asset::names().iter().filter(|name| *name != "index.html") {
        let answer = request().path(&format!("/assets/{name}")).reply(&routes()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        let content_type = answer.headers()["content-type"].to_str().unwrap();
        let expected = match name.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            other => panic!("no type is expected of .{other}"),
        };
        assert_eq!(content_type, expected, "{name}");
        assert!(!answer.body().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_tag_is_strong_and_answers_304_when_it_comes_back() {
    let first = request().path("/assets/style/app.css").reply(&routes()).await;
    let etag = first.headers()["etag"].to_str().unwrap();
    assert_eq!(etag.len(), 66);
    assert!(etag.starts_with('"') && etag.ends_with('"'));

    for tags in [etag.to_owned(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let again =
            request().path("/assets/style/app.css").header("if-none-match", tags).reply(&routes()).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.body().is_empty());
        assert_eq!(again.headers()["etag"], etag);
        assert_eq!(again.headers()["cache-control"], "no-cache");
        assert!(again.headers().contains_key("content-security-policy"));
    }
    let changed =
        request().path("/assets/style/app.css").header("if-none-match", "\"other\"").reply(&routes()).await;
    assert_eq!(changed.status(), StatusCode::OK);
}

#[tokio::test]
async fn head_has_the_same_headers() {
    let get = request().path("/").reply(&routes()).await;
    let head = request().method("HEAD").path("/").reply(&routes()).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["etag"], get.headers()["etag"]);
}

#[tokio::test]
async fn what_is_not_ours_is_rejected_so_that_other_routes_can_answer() {
    let unknown = [
        "/assets/",
        "/assets/nothing.js",
        "/assets/index.html",
        "/assets/../mod.rs",
        "/assets/..%2Fmod.rs",
        "/assets//etc/passwd",
        "/app.css",
        "/api/v1/fleet",
    ];
    for path in unknown {
        let rejection =
            request().path(path).filter(&routes()).await.err().unwrap_or_else(|| panic!("{path}"));
        assert!(rejection.is_not_found(), "{path}");
    }
    let posted = request().method("POST").path("/").reply(&routes()).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn the_files_keep_what_the_policy_promises() {
    for name in Asset::names().iter().filter(|name| !name.starts_with("vendor/")) {
        let text = text_of(name);
        assert!(text.lines().count() <= 250, "{name} is over 250 lines");
        for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\""]
        {
            assert!(!text.contains(banned), "{name} uses {banned}");
        }
        assert!(!names_an_origin(&text), "{name} names another origin");
        if name.ends_with(".js") {
            assert!(text.starts_with("// "), "{name} does not say what it is for");
        }
    }
}

/// What we did not write is held by the lock file it was published under; here only by what the policy could not stop.
#[test]
fn the_libraries_name_no_other_origin_and_stand_with_their_licences() {
    let licences = text_of("vendor/LICENCES.txt");
    let libraries: Vec<String> =
        Asset::names().into_iter().filter(|name| name.starts_with("vendor/")).collect();
    for name in libraries.iter().filter(|name| name.ends_with(".js")) {
        let text = text_of(name);
        assert!(!names_an_origin(&text), "{name} names another origin");
        assert!(!text.contains("eval(") && !text.contains("new Function"), "{name} makes code of text");
        let first = text.lines().next().unwrap();
        let which: Vec<&str> = first.trim_start_matches("// ").split(", ").collect();
        let file = name.trim_start_matches("vendor/");
        assert!(licences.contains(&format!("{} ({file})", which[0])), "{name} has no licence beside it");
    }
}

#[test]
fn every_file_named_by_another_exists() {
    let names = Asset::names();
    for name in &names {
        let text = text_of(name);
        let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for quoted in text.split(['"', '\'', '\n']) {
            let file = match (quoted.strip_prefix("./"), quoted.strip_prefix("../")) {
                (Some(beside), _) => Some(format!("{folder}{beside}")),
                // No folder of the page lies in another one.
                (None, Some(above)) => Some(above.to_owned()),
                (None, None) => quoted.strip_prefix("assets/").map(str::to_owned),
            };
            if let Some(file) = file {
                assert!(names.contains(&file), "{name} names {file}");
            }
        }
    }
}

fn text_of(name: &str) -> String {
    String::from_utf8(Asset::find(name).unwrap().body.into_owned()).unwrap()
}

/// Namespaces of SVG and MathML are names, not addresses.
fn names_an_origin(text: &str) -> bool {
    let addresses = text.replace("http://www.w3.org/", "");
    addresses.contains("http://") || addresses.contains("https://")
}
