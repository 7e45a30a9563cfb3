//! Text messages that come in.

use super::{Ground, intake_tools, mail::suggest, rounds};
use crate::{failure::Failure, supervise::Task};
use adapters::{intake::sms, rounds::RoundWorker};

/// What leads conversations by text message, where the city has that door.
pub(super) fn conversations(ground: &Ground) -> anyhow::Result<Option<Task>> {
    let Some(door) = &ground.config.sms_door else { return Ok(None) };
    if ground.config.sms.is_none() {
        let help = "set [sms], by which text messages come in, or leave [sms_door] out";
        return Err(Failure::usage("[sms_door]: no text message comes in", help).into());
    }
    let config = door.door();
    if let Some(fault) = config.check().into_iter().next() {
        let (section, key) = fault.field.split_once('.').unwrap_or(("sms_door", &fault.field));
        let message = format!("[{section}] {key}: {}", fault.message);
        return Err(Failure::usage(message, "see [sms_door] in deploy/voordeur.toml").into());
    }
    let tools = intake_tools(ground)?;
    let round = config.build(&tools, suggest(ground));
    Ok(Some(rounds(RoundWorker::of_the_house(ground.store.clone(), sms::NAME, round))))
}
