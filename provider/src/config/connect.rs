//! From what is configured to a client's configuration: kubeconfig files are read here.
//!
//! A configuration written out in the block becomes a kubeconfig in memory, so that there is one way from there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, ExecInteractiveMode, Kubeconfig as File, NamedAuthInfo, NamedCluster,
    NamedContext,
};
use p0_cluster::{ClusterError, Kubeconfigs, Selection, load, read_files};
use p0_grant::nearest::Nearest;
use secrecy::{ExposeSecret, SecretString};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use super::access::{Access, Source};
use super::credentials::Credentials;
use super::{Kubeconfig, access};

/// The name of everything in a kubeconfig that is made here.
const OWN: &str = "provider";

/// The client's configuration. No server is asked.
///
/// # Errors
/// About the attribute that names what cannot be used.
pub async fn connect(access: Access) -> Result<Config, Diagnostics> {
    let (file, options, attribute) = match &access.source {
        access::Source::InCluster => return in_cluster(),
        Source::Host(host) => (made_of(host, &access), Selection::default(), "host"),
        Source::Kubeconfig(kubeconfig) => {
            let options = Selection {
                context: kubeconfig.context.clone(),
                cluster: kubeconfig.cluster.clone(),
                user: kubeconfig.auth_info.clone(),
            };
            (overruled(read(kubeconfig)?, kubeconfig, &access)?, options, kubeconfig.attribute)
        }
    };
    load(file, &options).await.map_err(|error| unusable(attribute, &error).into())
}

fn in_cluster() -> Result<Config, Diagnostics> {
    Config::incluster().map_err(|error| {
        let detail = format!(
            "Nothing in the provider block or in a `KUBE_*` variable names a cluster, and this does not run in a pod with a \
             service account ({error}). Set `host` or `config_path`."
        );
        Diagnostic::error("No cluster is configured", detail).at_attribute("host").into()
    })
}

/// One file has to be there; of several, those that are missing are left out, as kubectl does.
fn read(kubeconfig: &Kubeconfig) -> Result<File, Diagnostics> {
    let files = match kubeconfig.files.as_slice() {
        [file] => Kubeconfigs::One(file.clone()),
        files => Kubeconfigs::Several(files.to_vec()),
    };
    read_files(&files).map_err(|error| unusable(kubeconfig.attribute, &error).into())
}

fn unusable(attribute: &str, error: &ClusterError) -> Diagnostic {
    let detail = crate::text::sentence(&error.to_string());
    Diagnostic::error("The cluster's configuration cannot be used", detail).at_attribute(attribute)
}

fn made_of(host: &str, access: &Access) -> File {
    let mut cluster = Cluster { server: Some(host.to_owned()), ..Cluster::default() };
    overrule_cluster(&mut cluster, access);
    let mut user = AuthInfo::default();
    overrule_user(&mut user, &access.credentials);
    File {
        clusters: vec![NamedCluster {
            name: OWN.to_owned(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: OWN.to_owned(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: OWN.to_owned(),
            context: Some(Context {
                cluster: OWN.to_owned(),
                user: Some(OWN.to_owned()),
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        current_context: Some(OWN.to_owned()),
        ..File::default()
    }
}

/// The file with what the block says besides, in the parts that its context uses.
fn overruled(mut file: File, kubeconfig: &Kubeconfig, access: &Access) -> Result<File, Diagnostics> {
    let context = context(&file, kubeconfig)?;
    let cluster = kubeconfig.cluster.clone().unwrap_or(context.cluster);
    let user = kubeconfig.auth_info.clone().or(context.user);
    let named = file.clusters.iter_mut().find(|named| named.name == cluster);
    match named.and_then(|named| named.cluster.as_mut()) {
        Some(cluster) => overrule_cluster(cluster, access),
        None => {
            return Err(none(
                "config_context_cluster",
                "cluster",
                &cluster,
                file.clusters.iter().map(|one| &one.name),
            ));
        }
    }
    let users: Vec<&String> = file.auth_infos.iter().map(|one| &one.name).collect();
    if let Some(asked) = kubeconfig.auth_info.as_ref().filter(|asked| !users.contains(asked)) {
        return Err(none("config_context_auth_info", "user", asked, users.into_iter()));
    }
    let named = user.and_then(|user| file.auth_infos.iter_mut().find(|named| named.name == user));
    if let Some(user) = named.and_then(|named| named.auth_info.as_mut()) {
        overrule_user(user, &access.credentials);
        if let Some(exec) = &mut user.exec {
            // Standard input is Terraform's.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    Ok(file)
}

fn context(file: &File, kubeconfig: &Kubeconfig) -> Result<Context, Diagnostics> {
    let asked = kubeconfig.context.as_ref().or(file.current_context.as_ref());
    let Some(asked) = asked else {
        let detail = "The kubeconfig has no current context: name one.";
        return Err(Diagnostic::error("No context", detail).at_attribute("config_context").into());
    };
    let named = file.contexts.iter().find(|named| named.name == *asked);
    match named.and_then(|named| named.context.clone()) {
        Some(context) => Ok(context),
        None => Err(none("config_context", "context", asked, file.contexts.iter().map(|one| &one.name))),
    }
}

fn none<'a>(
    attribute: &str,
    what: &str,
    asked: &str,
    there: impl Iterator<Item = &'a String> + Clone,
) -> Diagnostics {
    let names: Vec<String> = there.clone().map(|name| format!("`{name}`")).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let nearest = Nearest::to(asked, there.map(String::as_str));
    let detail = format!("The kubeconfig has no {what} `{asked}`, it has {names}{nearest}.");
    Diagnostic::error(format!("No such {what}"), detail).at_attribute(attribute).into()
}

fn overrule_cluster(cluster: &mut Cluster, access: &Access) {
    if let Some(certificates) = &access.cluster_ca_certificate {
        cluster.certificate_authority_data = Some(STANDARD.encode(certificates));
        cluster.certificate_authority = None;
    }
    cluster.insecure_skip_tls_verify = access.insecure.or(cluster.insecure_skip_tls_verify);
    cluster.tls_server_name = access.tls_server_name.clone().or_else(|| cluster.tls_server_name.take());
    cluster.proxy_url = access.proxy_url.clone().or_else(|| cluster.proxy_url.take());
}

/// The identity of the block replaces the file's: none of the file's other credentials stay.
fn overrule_user(user: &mut AuthInfo, credentials: &Credentials) {
    let Credentials { token, basic, certificate, exec } = credentials;
    if token.is_none() && basic.is_none() && certificate.is_none() && exec.is_none() {
        return;
    }
    *user = AuthInfo {
        token: token.clone(),
        exec: exec.clone().map(super::Exec::into_config),
        username: basic.as_ref().map(|(name, _)| name.clone()),
        password: basic.as_ref().map(|(_, password)| password.clone()),
        client_certificate_data: certificate.as_ref().map(|(certificate, _)| STANDARD.encode(certificate)),
        client_key_data: certificate
            .as_ref()
            .map(|(_, key)| SecretString::from(STANDARD.encode(key.expose_secret()))),
        impersonate: user.impersonate.take(),
        impersonate_groups: user.impersonate_groups.take(),
        ..AuthInfo::default()
    };
}
