//! Damaged files and rows: put aside, told of, and in nobody's way. And a disk without room.

use super::*;

#[tokio::test]
async fn a_database_that_cannot_be_read_is_put_aside_and_a_newer_one_is_left_alone() {
    let directory = Directory::new("damaged");
    assert_eq!(texts(&directory.open()).await, [""; 0]);
    std::fs::write(directory.0.join(DATABASE), "this is no database, and long enough to see it".repeat(100))
        .unwrap();
    let spool = directory.open();
    spool.put(&status("m"), at(0)).await.unwrap();
    assert_eq!(texts(&spool).await, ["m"]);
    assert!(directory.0.join(file::DAMAGED).exists());
    assert!(spool.mishaps()[0].contains("put aside as"));
    drop(spool);
    let newer = rusqlite::Connection::open(directory.0.join(DATABASE)).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    drop(newer);
    let Err(SpoolError::Broken(error)) = directory.open().after(0, 1).await else {
        panic!("a newer version was opened")
    };
    assert!(error.to_string().contains("version 2"), "{error}");
}

fn sql(directory: &Directory, text: &str) {
    let connection = rusqlite::Connection::open(directory.0.join(DATABASE)).unwrap();
    connection.execute_batch(text).unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on() {
    let directory = Directory::new("row");
    let spool = directory.open();
    for text in ["1", "2", "3", "4"] {
        spool.put(&status(text), at(0)).await.unwrap();
    }
    sql(&directory, "UPDATE waiting SET report = 'garbage' WHERE number = 1");
    sql(&directory, "UPDATE waiting SET report = x'ff00', since = 'then' WHERE number = 3");
    assert_eq!(texts(&spool).await, ["2", "4"]);
    let told = spool.mishaps();
    assert!(told[0].contains("2 of them") && told[0].contains("`unreadable`"), "{told:?}");
    assert_eq!((told.len(), spool.mishaps().len()), (1, 0));
    let aside = rusqlite::Connection::open(directory.0.join(DATABASE)).unwrap();
    let kept: String =
        aside.query_row("SELECT report FROM unreadable WHERE number = 1", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "garbage");
    let count: i64 = aside.query_row("SELECT count(*) FROM unreadable", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 2);
}

#[tokio::test]
async fn where_no_row_of_many_can_be_read_the_one_behind_them_is_found() {
    let directory = Directory::new("rows");
    let spool = directory.open();
    for _ in 0..5 {
        spool.put(&status("x"), at(0)).await.unwrap();
    }
    sql(&directory, "UPDATE waiting SET report = 'garbage' WHERE number < 5");
    assert_eq!(spool.after(0, 2).await.unwrap().len(), 1);
}

/// Overwrites the middle of the database, which nobody has open.
fn scratch(directory: &Directory) {
    use std::os::unix::fs::FileExt;
    let path = directory.0.join(DATABASE);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    assert!(length > 20 * 4096, "{length}");
    file.write_all_at(&vec![0xa5; usize::try_from(length).unwrap() - 4096], 4096).unwrap();
}

#[tokio::test]
async fn damage_in_the_middle_is_put_aside_when_it_shows_and_no_damaged_file_is_overwritten() {
    let directory = Directory::new("middle");
    for round in 1..=2 {
        let spool = directory.open();
        for _ in 0..30 {
            spool.put(&status(&"x".repeat(8_000)), at(0)).await.unwrap();
        }
        drop(spool);
        scratch(&directory);
        let spool = directory.open();
        spool.put(&status("after"), at(0)).await.unwrap();
        assert_eq!(texts(&spool).await, ["after"], "{round}");
        assert_eq!(spool.mishaps().len(), 1);
    }
    for name in [file::DAMAGED.to_owned(), format!("{}.2", file::DAMAGED)] {
        assert!(directory.0.join(&name).metadata().unwrap().len() > 20 * 4096, "{name}");
    }
}

#[tokio::test]
async fn when_too_many_were_damaged_nothing_is_overwritten_and_it_says_so() {
    let directory = Directory::new("too-many");
    drop(texts(&directory.open()).await);
    for number in 1..=file::DAMAGED_MAX {
        let name = if number == 1 { file::DAMAGED.to_owned() } else { format!("{}.{number}", file::DAMAGED) };
        std::fs::write(directory.0.join(name), "kept").unwrap();
    }
    std::fs::write(directory.0.join(DATABASE), "no database".repeat(500)).unwrap();
    let Err(SpoolError::Broken(error)) = directory.open().put(&status("m"), at(0)).await else {
        panic!("it was kept")
    };
    assert!(error.to_string().contains("10 damaged databases"), "{error}");
    assert_eq!(std::fs::read_to_string(directory.0.join(file::DAMAGED)).unwrap(), "kept");
}

#[tokio::test]
async fn many_that_meet_a_damaged_database_at_once_lose_nothing() {
    let directory = Directory::new("damaged-many");
    drop(texts(&directory.open()).await);
    std::fs::write(directory.0.join(DATABASE), "no database".repeat(500)).unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let spool = directory.open();
            tokio::spawn(async move { spool.put(&status(&number.to_string()), at(0)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(texts(&directory.open()).await.len(), 16);
}

#[tokio::test]
async fn where_there_is_no_room_for_what_its_users_share_what_waits_is_read_and_sent_all_the_same() {
    let directory = Directory::new("no-room");
    let spool = directory.open();
    for text in ["1", "2"] {
        spool.put(&status(text), at(0)).await.unwrap();
    }
    drop(spool);
    // As on a full disk, the file cannot be made.
    std::fs::create_dir(directory.0.join(format!("{DATABASE}-shm"))).unwrap();
    let (one, other) = (directory.open(), directory.open());
    assert_eq!(texts(&one).await, ["1", "2"]);
    let first = other.after(0, 1).await.unwrap()[0].number;
    one.remove(&[first]).await.unwrap();
    assert_eq!(texts(&other).await, ["2"]);
    assert_eq!(one.mishaps(), [""; 0], "nothing is damaged");
}
