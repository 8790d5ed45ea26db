//! Name resolution as steps.

use super::{Found, Rooms};
use crate::journey::Action;
use crate::journey::walk::step;
use crate::model::Party;

impl Rooms<'_> {
    /// What the client's resolver finds for a name as typed.
    pub(crate) fn lookup(&self, client: Party, name: &str) -> Found {
        let _ = client;
        let missing = format!("the addresses of the name {name}");
        let decided = step(Action::Undetermined, "journey/name", format!("{missing} are not known"));
        Found::Unknown { before: Vec::new(), decided, missing }
    }
}
