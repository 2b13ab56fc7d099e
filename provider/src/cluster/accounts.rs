//! ServiceAccounts and their tokens, for access that lives while Terraform runs.

use http::Method;
use p0_cluster::{ApiRequest, segment};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Cluster, ClusterError};

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
    /// Creates a ServiceAccount, whose name holds the grant's id, and gives its uid.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn create_account(&self, namespace: &str, account: &Value) -> Result<String, ClusterError> {
        let action = format!("create a ServiceAccount in namespace `{namespace}`");
        let request = ApiRequest::get(accounts(namespace), action.as_str(), "create serviceaccounts");
        let request = request.sending(Method::POST, "application/json", account.to_string().into_bytes());
        let made: Value = self.api.send_json(&request).await?;
        let uid = made.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
        uid.ok_or_else(|| ClusterError::answer(action, "the answer has no uid"))
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
        let request = ApiRequest::get(path, action, "create serviceaccounts/token");
        let request = request.sending(Method::POST, "application/json", body.to_string().into_bytes());
        Ok(self.api.send_json::<TokenRequest>(&request).await?.status)
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
        let request = ApiRequest::get(path, action, "delete serviceaccounts");
        let request = request.sending(Method::DELETE, "application/json", body.to_string().into_bytes());
        match self.api.send(&request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn accounts(namespace: &str) -> String {
    format!("/api/v1/namespaces/{}/serviceaccounts", segment(namespace))
}
