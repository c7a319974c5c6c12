//! Power cuts: the data is on a file system in an image. The image is copied while the server is at work, and
//! the server starts on the copy, which has what reached the disk and nothing else. Needs root and a loop device, so
//! `./test faults` runs it, and a plain run does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]
#![allow(dead_code, reason = "it uses a part of what the crashes use")]

#[path = "support/mod.rs"]
mod support;

#[path = "history/mod.rs"]
mod history;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use history::{Dice, assert_right};
use load::{Load, asked, fleet, pause};
use server::Server;
use tokio::process::Command;

/// A file system in an image, on one loop device all the time: on another one its files would be others.
struct Image {
    image: PathBuf,
    device: String,
    mounted: PathBuf,
}

async fn run(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().await.unwrap();
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Image {
    async fn new() -> Self {
        let mounted = std::env::temp_dir().join(format!("mission-control-power-{}", std::process::id()));
        let image = mounted.with_extension("image");
        std::fs::create_dir_all(&mounted).unwrap();
        std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        run("mkfs.ext4", &["-q", "-F", text(&image)]).await;
        let device = run("losetup", &["--find", "--show", text(&image)]).await;
        run("mount", &[&device, text(&mounted)]).await;
        Self { image, device, mounted }
    }

    /// What is on the disk at one moment: two copies are equal when nothing was written between them.
    fn copy(&self) -> Vec<u8> {
        let mut copy = std::fs::read(&self.image).unwrap();
        for _ in 0..100 {
            let again = std::fs::read(&self.image).unwrap();
            if again == copy {
                return copy;
            }
            copy = again;
        }
        panic!("the image never rests, and nobody writes");
    }

    /// The power comes back, and this is on the disk.
    async fn restore(&self, copy: &[u8]) {
        run("umount", &[text(&self.mounted)]).await;
        run("losetup", &["--detach", &self.device]).await;
        std::fs::write(&self.image, copy).unwrap();
        run("losetup", &[&self.device, text(&self.image)]).await;
        run("mount", &[&self.device, text(&self.mounted)]).await;
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _gone = std::process::Command::new("umount").arg("--lazy").arg(&self.mounted).status();
        let _gone = std::process::Command::new("losetup").args(["--detach", &self.device]).status();
        let _gone = std::fs::remove_file(&self.image);
        let _gone = std::fs::remove_dir(&self.mounted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_everything_that_was_answered_is_there() {
    let (seed, image) = (asked("MISSION_CONTROL_SEED", 1), Image::new().await);
    let (mut dice, mut server) = (Dice::new(seed), Server::within(image.mounted.join("data")));
    server.start().await;
    let (epoch, _) = fleet(server.address).await;
    let load = Load::start(server.address, seed, 4, 8);
    let cuts = asked("MISSION_CONTROL_FAULTS", 30);
    for _ in 0..cuts {
        pause(Duration::from_millis(50 + dice.below(1000))).await;
        // It stands still, and the system goes on writing what it was asked to.
        server.signal("STOP").await;
        let copy = image.copy();
        server.kill().await;
        image.restore(&copy).await;
        server.start().await;
        assert_eq!(fleet(server.address).await.0, epoch, "nothing is missing, so it is the same history");
    }
    let history = load.finish().await;
    eprintln!("{cuts} power cuts, {} reports", history.reports.len());
    drop(server);
    assert_right(&history, seed);
}
