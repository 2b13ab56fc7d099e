//! Kubeconfig files, merged and checked as kubectl does, and the client's configuration that they give.
//!
//! Source: <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files>;
//! `ClientConfigLoadingRules.Load`, <https://github.com/kubernetes/client-go/blob/v0.36.0/tools/clientcmd/loader.go>.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError};
use p0_grant::nearest::Nearest;
use secrecy::{ExposeSecret, SecretString};

use crate::credentials::{self, CredentialError, PemKind, Setting};
use crate::error::ClusterError;

/// The files of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kubeconfigs {
    /// One file, which has to be there.
    One(PathBuf),
    /// Several, merged in order; those that do not exist are left out, as kubectl does, if one of them exists.
    Several(Vec<PathBuf>),
}

/// What of a kubeconfig is used. What is absent is as the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The context; the current one without it.
    pub context: Option<String>,
    /// The cluster; the context's without it.
    pub cluster: Option<String>,
    /// The user; the context's without it.
    pub user: Option<String>,
}

impl Kubeconfigs {
    /// The files of `KUBECONFIG`, else `~/.kube/config`.
    ///
    /// # Errors
    /// [`ClusterError::Kubeconfig`] where there is neither that variable nor a home directory.
    pub fn from_environment() -> Result<Self, ClusterError> {
        let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
            .map(|value| std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect())
            .unwrap_or_default();
        if !listed.is_empty() {
            return Ok(Self::Several(listed));
        }
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let missing =
            || ClusterError::Kubeconfig("there is no home directory and no `KUBECONFIG`".to_owned());
        Ok(Self::One(home.ok_or_else(missing)?.join(".kube").join("config")))
    }
}

/// Reads and merges the files.
///
/// # Errors
/// [`ClusterError::Kubeconfig`] where a file cannot be read or parsed, or none of several exists.
pub fn read_files(files: &Kubeconfigs) -> Result<Kubeconfig, ClusterError> {
    match files {
        Kubeconfigs::One(file) => read_file(file),
        Kubeconfigs::Several(files) => {
            let there: Vec<&PathBuf> = files.iter().filter(|file| exists(file)).collect();
            if there.is_empty() {
                let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
                return Err(ClusterError::Kubeconfig(format!("none of {} exists", names.join(", "))));
            }
            let mut merged = Kubeconfig::default();
            for file in there {
                merged = merged.merge(read_file(file)?).map_err(|error| unusable(Some(file), &error))?;
            }
            Ok(merged)
        }
    }
}

/// A file that cannot be looked at counts as there, so that reading it says why.
fn exists(file: &Path) -> bool {
    let is_there = !matches!(file.try_exists(), Ok(false));
    if !is_there {
        tracing::warn!(file = %file.display(), "a kubeconfig of the list does not exist and is left out");
    }
    is_there
}

fn read_file(file: &Path) -> Result<Kubeconfig, ClusterError> {
    Kubeconfig::read_from(file).map_err(|error| unusable(Some(file), &error))
}

/// The client's configuration. No server is asked.
///
/// # Errors
/// [`ClusterError`] where the selected context is not there, or a setting of its cluster or user cannot be used.
pub async fn load(mut kubeconfig: Kubeconfig, selection: &Selection) -> Result<Config, ClusterError> {
    let context = context(&kubeconfig, selection.context.as_deref())?;
    let cluster = selection.cluster.clone().unwrap_or(context.cluster);
    let user = selection.user.clone().or(context.user);
    let named = kubeconfig.clusters.iter_mut().find(|named| named.name == cluster);
    if let Some(cluster) = named.and_then(|named| named.cluster.as_mut()) {
        check_cluster(cluster)?;
    }
    let named = user.and_then(|user| kubeconfig.auth_infos.iter_mut().find(|named| named.name == user));
    if let Some(user) = named.and_then(|named| named.auth_info.as_mut()) {
        check_user(user)?;
    }
    let options = KubeConfigOptions {
        context: selection.context.clone(),
        cluster: selection.cluster.clone(),
        user: selection.user.clone(),
    };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| unusable(None, &error))
}

/// The context, refused before kube answers without saying which there are.
fn context(kubeconfig: &Kubeconfig, asked: Option<&str>) -> Result<Context, ClusterError> {
    let contexts: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    let current = kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let Some(name) = asked.or(current) else {
        return Err(ClusterError::NoCurrentContext { contexts });
    };
    let named = kubeconfig.contexts.iter().find(|context| context.name == name);
    named.and_then(|named| named.context.clone()).ok_or_else(|| ClusterError::NoContext {
        asked: name.to_owned(),
        nearest: Nearest::to(name, contexts.iter().map(String::as_str)),
        contexts,
    })
}

fn check_cluster(cluster: &mut Cluster) -> Result<(), ClusterError> {
    data(Setting::AuthorityData, &mut cluster.certificate_authority_data, PemKind::Certificate)?;
    if cluster.certificate_authority_data.is_none() {
        file(Setting::Authority, &mut cluster.certificate_authority, PemKind::Certificate)?;
    }
    for (setting, value, check) in [
        (Setting::Server, &cluster.server, credentials::server_address as fn(&str) -> _),
        (Setting::ProxyUrl, &cluster.proxy_url, credentials::proxy_address),
        (Setting::TlsServerName, &cluster.tls_server_name, credentials::server_name),
    ] {
        // An empty setting is an absent one; without a server kube says so.
        value.iter().filter(|text| !text.is_empty()).try_for_each(|text| checked(setting, check(text)))?;
    }
    Ok(())
}

fn check_user(user: &mut AuthInfo) -> Result<(), ClusterError> {
    // Also where another credential counts: kube reads the file all the same, and shows its name when it cannot.
    if let Some(path) = &user.token_file {
        checked(Setting::TokenFile, credentials::file_name(path))?;
    }
    if let Some(token) = user.token.as_ref().filter(|token| !token.expose_secret().is_empty()) {
        user.token = Some(SecretString::from(one_token(Setting::Token, token.expose_secret())?));
    }
    let provided = user.auth_provider.iter_mut().flat_map(|provider| &mut provider.config);
    for (name, token) in provided {
        let setting = match name.as_str() {
            "id-token" => Setting::IdToken,
            "access-token" => Setting::AccessToken,
            _ => continue,
        };
        *token = one_token(setting, token)?;
    }
    data(Setting::ClientCertificateData, &mut user.client_certificate_data, PemKind::Certificate)?;
    if user.client_certificate_data.is_none() {
        file(Setting::ClientCertificate, &mut user.client_certificate, PemKind::Certificate)?;
    }
    let mut key = user.client_key_data.take().map(|key| key.expose_secret().to_owned());
    let usable = data(Setting::ClientKeyData, &mut key, PemKind::Key);
    user.client_key_data = key.map(SecretString::from);
    usable?;
    if user.client_key_data.is_none() {
        file(Setting::ClientKey, &mut user.client_key, PemKind::Key)?;
    }
    check_impersonation(user)
}

/// Whom the user acts as, which is sent in headers.
fn check_impersonation(user: &AuthInfo) -> Result<(), ClusterError> {
    let groups = user.impersonate_groups.iter().flatten().map(|group| (Setting::AsGroups, group));
    let extra = user.impersonate_user_extra.iter().flatten();
    let extra = extra.flat_map(|(_, values)| values).map(|value| (Setting::AsUserExtra, value));
    let names = user.impersonate.iter().map(|name| (Setting::As, name));
    let uids = user.impersonate_uid.iter().map(|uid| (Setting::AsUid, uid));
    let mut texts = names.chain(uids).chain(groups).chain(extra);
    texts.try_for_each(|(setting, text)| checked(setting, credentials::header_text(text)))
}

fn one_token(setting: Setting, text: &str) -> Result<String, ClusterError> {
    checked(setting, credentials::token(text).map(str::to_owned))
}

fn checked<T>(setting: Setting, value: Result<T, CredentialError>) -> Result<T, ClusterError> {
    value.map_err(|error| ClusterError::Setting { setting, detail: error.to_string() })
}

/// An empty setting is an absent one, as in client-go.
fn data(setting: Setting, value: &mut Option<String>, kind: PemKind) -> Result<(), ClusterError> {
    let Some(text) = value.take().filter(|text| !text.is_empty()) else { return Ok(()) };
    *value = Some(checked(setting, credentials::base64_pem(&text, kind))?);
    Ok(())
}

fn file(setting: Setting, value: &mut Option<String>, kind: PemKind) -> Result<(), ClusterError> {
    let Some(path) = value.take().filter(|path| !path.is_empty()) else { return Ok(()) };
    checked(setting, credentials::file_name(&path))?;
    let wrong = |detail: String| ClusterError::Setting { setting, detail: format!("`{path}`: {detail}") };
    let bytes = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    credentials::pem(&String::from_utf8_lossy(&bytes), kind).map_err(|error| wrong(error.to_string()))?;
    *value = Some(path);
    Ok(())
}

/// What is wrong with a kubeconfig, without the lines around a fault: tokens are in such lines.
fn unusable(file: Option<&Path>, error: &KubeconfigError) -> ClusterError {
    let file = file.map_or_else(String::new, |file| format!("`{}`: ", file.display()));
    ClusterError::Kubeconfig(match error {
        KubeconfigError::ReadConfig(error, file) => format!("`{}`: {error}", file.display()),
        KubeconfigError::Parse(error) => format!("{file}{}", error.without_snippet()),
        other => format!("{file}{other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_of_a_list_is_left_out_and_a_list_of_missing_files_is_an_error() {
        let folder = std::env::temp_dir();
        let there = folder.join(format!("p0-cluster-kubeconfig-{}", std::process::id()));
        std::fs::write(&there, "current-context: a\n").unwrap();
        let missing = folder.join("p0-cluster-no-such-file");
        let read = read_files(&Kubeconfigs::Several(vec![missing.clone(), there.clone()]));
        let none = read_files(&Kubeconfigs::Several(vec![missing.clone()]));
        let one = read_files(&Kubeconfigs::One(missing));
        std::fs::remove_file(&there).unwrap();
        assert_eq!(read.unwrap().current_context.as_deref(), Some("a"));
        assert!(none.unwrap_err().to_string().contains("p0-cluster-no-such-file"));
        assert!(one.unwrap_err().to_string().contains("p0-cluster-no-such-file"));
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_named_and_a_newline_is_taken_away() {
        let file = |user: AuthInfo| {
            let mut user = user;
            check_user(&mut user).map(|()| user).map_err(|error| error.to_string())
        };
        let token =
            |text: &str| AuthInfo { token: Some(SecretString::from(text.to_owned())), ..AuthInfo::default() };
        let good = file(token("abc\n")).unwrap();
        assert_eq!(good.token.unwrap().expose_secret(), "abc");
        let error = file(token("a\nb")).unwrap_err();
        assert!(error.contains("`token`") && !error.contains("a\nb"), "{error}");
        let pem = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";
        let raw = AuthInfo { client_certificate_data: Some(pem.to_owned()), ..AuthInfo::default() };
        let error = file(raw).unwrap_err();
        assert!(error.contains("`client-certificate-data`") && error.contains("base64 -w0"), "{error}");
    }
}
