//! The people of a workspace (`users.list`), page by page. Not here: one user's standing now, which [`Web::user`] asks for.

use serde::Deserialize;

use super::{SlackError, UserProfile, Web};

/// How many users Slack is asked for at once; it recommends no more than 200.
const PAGE: &str = "200";
/// How many pages are read at most: a workspace has no million members.
const MOST_PAGES: usize = 5_000;

/// A member of a workspace, with what they call themselves. Names and addresses prove nothing: their owner can change them.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    /// Who it is, and what may count against them.
    #[serde(flatten)]
    pub profile: UserProfile,
    /// The account's name.
    #[serde(default)]
    pub name: String,
    /// The rest.
    #[serde(default, rename = "profile")]
    pub details: MemberDetails,
}

/// What a member says of themselves.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MemberDetails {
    /// The address, where the token has the scope `users:read.email`.
    #[serde(default)]
    pub email: Option<String>,
    /// First and last name.
    #[serde(default)]
    pub real_name: String,
}

impl Web {
    /// Every member of the workspace, in Slack's order (`users.list`).
    ///
    /// # Errors
    /// [`SlackError`]; then nothing is known of any.
    pub async fn members(&self) -> Result<Vec<Member>, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            members: Vec<Member>,
            #[serde(default)]
            response_metadata: Next,
        }
        #[derive(Default, Deserialize)]
        struct Next {
            #[serde(default)]
            next_cursor: String,
        }
        let (mut members, mut cursor) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let fields = [("limit", PAGE), ("cursor", cursor.as_str())];
            let answer: Answer = self.form("users.list", &fields).await?;
            members.extend(answer.members);
            cursor = answer.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(members);
            }
        }
        Err(SlackError::Unreadable { method: "users.list" })
    }
}
