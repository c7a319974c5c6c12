//! What is known of an agent beside its events, as it is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{millis, point, time};
use crate::domain::beside::{Beside, Fall, Risen};
use crate::domain::fence::Life;
use crate::domain::id::InstanceId;
use crate::domain::time::{Moment, Timestamp};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptBeside {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lives: Vec<KeptLife>,
    last_seen: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
    until: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    busy_until: Option<(u64, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    falls: Vec<(u64, bool)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risen: Option<(u64, bool)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptLife {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seq: Option<u64>,
}

impl KeptBeside {
    pub(super) fn of(beside: &Beside) -> Self {
        let life = |life: &Life| KeptLife {
            id: life.id.to_string(),
            started_at: life.started_at.map(Timestamp::millis),
            last_seq: life.last_seq,
        };
        Self {
            lives: beside.fence.lives().map(life).collect(),
            last_seen: beside.last_seen.millis(),
            lease_ms: beside.lease.map(|lease| u64::try_from(lease.as_millis()).unwrap_or(u64::MAX)),
            until: millis(beside.until),
            busy_until: beside.busy_until.map(|busy| (busy.wall.millis(), millis(busy.uptime))),
            falls: beside.falls.iter().map(|fall| (millis(fall.at), fall.counts)).collect(),
            risen: beside.risen.map(|risen| (millis(risen.at), risen.restart)),
            began: beside.began.map(Timestamp::millis),
        }
    }

    pub(super) fn restored(self) -> Option<Beside> {
        let mut lives = Vec::with_capacity(self.lives.len());
        for life in self.lives {
            let started_at = life.started_at.map(time);
            lives.push(Life { id: InstanceId::parse(&life.id).ok()?, started_at, last_seq: life.last_seq });
        }
        Some(Beside {
            fence: lives.into_iter().collect(),
            last_seen: time(self.last_seen),
            lease: self.lease_ms.map(Duration::from_millis),
            until: point(self.until),
            busy_until: self
                .busy_until
                .map(|(wall, uptime)| Moment { wall: time(wall), uptime: point(uptime) }),
            falls: self.falls.into_iter().map(|(at, counts)| Fall { at: point(at), counts }).collect(),
            risen: self.risen.map(|(at, restart)| Risen { at: point(at), restart }),
            began: self.began.map(time),
            ..Beside::default()
        })
    }
}
