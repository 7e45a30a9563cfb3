//! Accounts of people of the city: who they are, and what they may do.

use crate::{Timestamp, Uuid, slug::DepartmentId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What somebody of the city may do. An account has one or several; none holds another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes down what people say by telephone, at the counter, or by letter.
    Operator,
    /// Looks at what is held, and at what becomes public.
    Moderator,
    /// Reads complaints and what other confidential departments have.
    Complaints,
    /// Sees who has an account.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Moderator, Self::Complaints, Self::Admin];

    /// The role in lower case, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Moderator => "moderator",
            Self::Complaints => "complaints",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody of the city who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Their name, 1 to 100 characters: as the audit has it.
    pub name: String,
    /// What they log in with, in small letters.
    pub email: String,
    /// What they may do, each once.
    pub roles: Vec<Role>,
    /// For which departments; every department that is not confidential when empty.
    pub departments: Vec<DepartmentId>,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// Since when they may not log in.
    pub disabled_at: Option<Timestamp>,
    /// When they logged in last.
    pub logged_in_at: Option<Timestamp>,
}

impl Account {
    /// Whether they may do what `role` does.
    pub fn may(&self, role: Role) -> bool {
        self.disabled_at.is_none() && self.roles.contains(&role)
    }

    /// Whether they may read the cases of `department`; `confidential`: when it is.
    pub fn may_read(&self, department: &str, confidential: bool) -> bool {
        let theirs = self.departments.iter().any(|id| id.as_str() == department);
        if confidential { theirs || self.may(Role::Complaints) } else { theirs || self.departments.is_empty() }
    }
}

/// An e-mail address as accounts are known by it: without the spaces around it, in small letters.
pub fn known_as(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(roles: &[Role], departments: &[&str]) -> Account {
        Account {
            id: Uuid::from_u128(1),
            name: "An".to_owned(),
            email: known_as(" An@Stad.Example "),
            roles: roles.to_vec(),
            departments: departments.iter().map(|id| id.parse().unwrap()).collect(),
            has_password: true,
            made_at: Timestamp::UNIX_EPOCH,
            disabled_at: None,
            logged_in_at: None,
        }
    }

    #[test]
    fn a_role_does_one_thing_and_a_disabled_account_nothing() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            let mut one = account(&[role], &[]);
            assert!(Role::ALL.into_iter().all(|other| one.may(other) == (other == role)), "{role}");
            one.disabled_at = Some(Timestamp::UNIX_EPOCH);
            assert!(!one.may(role));
        }
        assert_eq!(account(&[], &[]).email, "an@stad.example");
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn what_is_confidential_is_for_its_own_people() {
        for (roles, departments, department, confidential, may) in [
            (&[Role::Operator][..], &[][..], "wegen", false, true),
            (&[Role::Operator], &[], "klachten", true, false),
            (&[Role::Operator], &["klachten"], "klachten", true, true),
            (&[Role::Operator], &["klachten"], "wegen", false, false),
            (&[Role::Complaints], &[], "klachten", true, true),
            (&[Role::Admin], &[], "klachten", true, false),
        ] {
            let found = account(roles, departments).may_read(department, confidential);
            assert_eq!(found, may, "{roles:?} {departments:?} {department}");
        }
    }
}
