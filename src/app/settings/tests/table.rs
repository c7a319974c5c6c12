//! The one table covers everything: fields, defaults, reference.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_row_is_read_into_a_field_and_every_field_has_a_row() {
    let mut reader = Reader::of(&Sources::default());
    assert!(Settings::read(&mut reader).is_some());
    let read: BTreeSet<_> = reader.names_read.iter().copied().collect();
    let rows: BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(read, rows);
    assert_eq!((reader.names_read.len(), KEYS.len()), (rows.len(), rows.len()), "none twice");
    assert!(reader.into_problems().is_empty());
}

#[test]
fn every_default_is_a_value_that_may_be_said() {
    for key in KEYS.iter().filter(|key| !matches!(key.built, Built::No { .. })) {
        if let Some(default) = key.default {
            let line = format!("{} = {default}", key.name);
            assert_eq!(load(&line).unwrap(), Settings::load(&Sources::default()).unwrap(), "{line}");
        }
    }
}

#[test]
fn every_row_can_be_set_by_its_variable() {
    for key in KEYS {
        let variable = key.variable();
        let value =
            key.default.map_or("x", |default| default.trim_matches(['"', '[', ']']).trim_matches('"'));
        let error = Settings::load(&sources("", &[(&variable, value)], &[])).err();
        let known = error.iter().flat_map(SettingsError::problems).all(|problem| {
            !matches!(problem, Problem::UnknownKey { .. })
                && (key.default.is_none() || !matches!(problem, Problem::WrongValue { .. }))
        });
        assert!(known, "{variable}={value}: {error:?}");
    }
}

#[test]
fn rows_of_a_section_stand_together() {
    let mut sections: Vec<_> = KEYS.iter().map(|key| key.parts().0).collect();
    sections.dedup();
    assert_eq!(sections, ["server", "auth", "stream", "liveness", "log", "nats", "limits", "telemetry"]);
}

#[test]
fn docs_configuration_is_what_the_table_says() {
    let page = include_str!("../../../../docs/CONFIGURATION.md");
    let (_, rest) = page.split_once("<!-- settings -->\n").expect("the page has the opening mark");
    let (said, _) = rest.split_once("<!-- /settings -->").expect("the page has the closing mark");
    let table = format!("{}\n", reference());
    assert!(said == table, "put this between the marks of docs/CONFIGURATION.md:\n{table}<!-- /settings -->");
}

#[test]
fn no_row_breaks_the_reference() {
    for line in reference().lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 5, "{line}");
    }
}
