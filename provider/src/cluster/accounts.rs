//! ServiceAccounts and their tokens, for access that lives while Terraform runs.

use http::Method;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::object::segment;
use super::{Ask, Cluster, ClusterError};

/// A token, and when the API server ends it.
#[derive(Debug, Deserialize)]
pub struct IssuedToken {
    /// The token.
    #[serde(deserialize_with = "secret")]
    pub token: SecretString,
    /// When it ends, as the server says.
    #[serde(rename = "expirationTimestamp")]
    pub expires_at: String,
}

#[derive(Deserialize)]
struct TokenRequest {
    status: IssuedToken,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl Cluster {
    /// Creates a ServiceAccount, whose name nobody else can have, and gives its uid.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn create_account(&self, namespace: &str, account: &Value) -> Result<String, ClusterError> {
        let action = format!("create a ServiceAccount in namespace `{namespace}`");
        let ask = Ask::get(accounts(namespace), action.as_str(), "create serviceaccounts");
        let ask = ask.sending(Method::POST, "application/json", account.to_string().into_bytes());
        let made: Value = self.ask_json(&ask).await?;
        let uid = made.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
        uid.ok_or_else(|| ClusterError::Answer { action, detail: "the answer has no uid".to_owned() })
    }

    /// Asks for a token that the server itself ends after so many seconds.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn token(
        &self,
        namespace: &str,
        account: &str,
        audiences: &[String],
        seconds: i64,
    ) -> Result<IssuedToken, ClusterError> {
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "audiences": audiences, "expirationSeconds": seconds },
        });
        let path = format!("{}/{}/token", accounts(namespace), segment(account));
        let action = format!("get a token for the ServiceAccount `{account}` in namespace `{namespace}`");
        let ask = Ask::get(path, action, "create serviceaccounts/token");
        let ask = ask.sending(Method::POST, "application/json", body.to_string().into_bytes());
        Ok(self.ask_json::<TokenRequest>(&ask).await?.status)
    }

    /// Deletes a ServiceAccount, and with it every token of it; this very one where its uid is known.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn delete_account(
        &self,
        namespace: &str,
        account: &str,
        uid: Option<&str>,
    ) -> Result<(), ClusterError> {
        let body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": uid } });
        let path = format!("{}/{}", accounts(namespace), segment(account));
        let action = format!("delete the ServiceAccount `{account}` in namespace `{namespace}`");
        let ask = Ask::get(path, action, "delete serviceaccounts");
        let ask = ask.sending(Method::DELETE, "application/json", body.to_string().into_bytes());
        match self.ask(&ask).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn accounts(namespace: &str) -> String {
    format!("/api/v1/namespaces/{}/serviceaccounts", segment(namespace))
}
