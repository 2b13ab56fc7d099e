//! The query of a request, and pages. Not here: what is on them.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::routes::Refusal;

/// The parameters in their order; a name may stand there several times.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &axum::http::Uri) -> Self {
        let url = format!("https://localhost/?{}", uri.query().unwrap_or_default());
        let url = reqwest::Url::parse(&url).expect("a query");
        Self(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether `value` is among those given under `name`, or none is given.
    pub(super) fn takes(&self, name: &str, value: &str) -> bool {
        let mut given = self.0.iter().filter(|(own, _)| own == name).peekable();
        given.peek().is_none() || given.any(|(_, own)| own == value)
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let invalid = |_| Refusal::invalid(&format!("{name} is not a time in ISO 8601"));
        self.one(name).map(|text| text.parse().map_err(invalid)).transpose()
    }

    /// The time that is asked about; PagerDuty answers for 90 days at most.
    pub(super) fn span(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
        let since = self.time("since")?.unwrap_or(now);
        let until = self.time("until")?.unwrap_or(since);
        match until.duration_since(since) {
            span if span < SignedDuration::ZERO => Err(Refusal::invalid("until is before since")),
            span if span > SignedDuration::from_hours(90 * 24) => {
                Err(Refusal::invalid("the range is longer than 90 days"))
            }
            _ => Ok((since, until)),
        }
    }

    /// One page of `all` under `key`, as classic pagination gives it.
    pub(super) fn page(&self, key: &str, all: &[Value]) -> Result<Value, Refusal> {
        let number = |name: &str, default: usize| match self.one(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Refusal::invalid(&format!("{name} is not a number"))),
        };
        let (limit, offset) = (number("limit", 25)?.clamp(1, 100), number("offset", 0)?);
        if offset + limit > 10_000 {
            return Err(Refusal::invalid("Offset plus limit must be less than or equal to 10000"));
        }
        let page: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
        let more = offset + page.len() < all.len();
        let total =
            self.one("total").is_some_and(|total| total.eq_ignore_ascii_case("true")).then_some(all.len());
        Ok(json!({ key: page, "limit": limit, "offset": offset, "more": more, "total": total }))
    }
}

impl Refusal {
    pub(super) fn invalid(problem: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 2001,
            message: "Invalid Input Provided",
            errors: vec![problem.to_owned()],
        }
    }
}
