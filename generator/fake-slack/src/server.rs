//! The server, and what a test or a demo changes in its world.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::deliver::Delivery;
use crate::person::Person;
use crate::socket::Sockets;
use crate::world::{Channel, Post, UserKind, World};
use crate::{BOT, socket, web};

/// A running Slack. Clones are the same one.
#[derive(Clone)]
pub struct FakeSlack {
    world: Arc<Mutex<World>>,
    pub(crate) sockets: Sockets,
    delivery: Arc<Mutex<Delivery>>,
    address: SocketAddr,
    changes: watch::Sender<u64>,
}

impl FakeSlack {
    /// Starts one on a free port of this machine. It lives as long as the runtime.
    ///
    /// # Errors
    /// The system's, where no port is free.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let slack = Self {
            world: Arc::new(Mutex::new(World::new())),
            sockets: Sockets::default(),
            delivery: Arc::new(Mutex::new(Delivery::Socket)),
            address: listener.local_addr()?,
            changes: watch::Sender::new(0),
        };
        let router = slack.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(slack)
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/api/{method}", post(web::call).get(web::call))
            .route("/respond/{id}", post(web::chat::respond))
            .route("/link", get(socket::connect))
            .fallback(any(|| async { http::StatusCode::NOT_FOUND }))
            .with_state(self.clone())
    }

    /// Where its Web API is.
    pub fn api(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A user of the workspace, or one who only looks like that. The id is made of the name.
    pub fn join(&self, name: &str, kind: UserKind) -> Person {
        let id = format!("U0{}", name.to_uppercase());
        self.with(|world| world.users.insert(id.clone(), kind));
        Person::new(self.clone(), id)
    }

    /// A public channel with these members; the id is made of the name.
    pub fn channel(&self, name: &str, members: &[&Person]) -> String {
        let id =
            format!("C0{}", name.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), ""));
        let members: BTreeSet<String> =
            members.iter().map(|person| person.id().to_owned()).chain([BOT.to_owned()]).collect();
        let name = name.to_owned();
        let channel = Channel { name, members, is_archived: false, is_private: false, direct: None };
        self.with(|world| world.channels.insert(id.clone(), channel));
        id
    }

    /// The bot leaves a channel.
    pub fn remove_bot(&self, channel: &str) {
        self.with(|world| world.channels.get_mut(channel).map(|channel| channel.members.remove(BOT)));
    }

    /// An account becomes another kind, such as deleted.
    pub fn change_user(&self, id: &str, kind: UserKind) {
        self.with(|world| world.users.insert(id.to_owned(), kind));
    }

    /// Takes a scope from the bot's token.
    pub fn take_scope(&self, scope: &str) {
        self.with(|world| world.scopes.remove(scope));
    }

    /// Takes at most so many calls of a method in a second, for each channel.
    pub fn limit(&self, method: &str, per_second: usize) {
        self.with(|world| world.rates.insert(method.to_owned(), per_second));
    }

    /// Answers nothing but HTTP status 503, and drops all connections; or is well again.
    pub fn set_down(&self, is_down: bool) {
        self.with(|world| world.is_down = is_down);
        if is_down {
            self.sockets.drop_all();
        }
    }

    /// Lets time pass.
    pub fn skip(&self, time: Duration) {
        self.with(|world| world.skip(time));
    }

    /// Announces to the app that its connections end, as Slack does every few hours.
    pub fn warn_connections(&self) {
        self.sockets.warn_all();
    }

    /// How many connections the app has open.
    pub fn connections(&self) -> usize {
        self.sockets.count()
    }

    /// How what people do reaches the app.
    pub fn deliver_by(&self, delivery: Delivery) {
        *self.delivery.lock().unwrap_or_else(PoisonError::into_inner) = delivery;
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.delivery.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was posted in a channel and not for one user alone, in order.
    pub fn posts(&self, channel: &str) -> Vec<Post> {
        let is_meant = |post: &&Post| post.channel == channel && post.only_for.is_none();
        self.with(|world| world.posts.iter().filter(is_meant).cloned().collect())
    }

    /// The names of the methods that the app has called, in order.
    pub fn calls(&self) -> Vec<String> {
        self.with(|world| world.calls.clone())
    }

    /// Says that something changed, to those who wait for it.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Waits until `find` finds something, looking whenever something changed; `None` after `patience`.
    pub async fn wait_for<T>(
        &self,
        patience: Duration,
        mut find: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let looking = async {
            loop {
                if let Some(found) = find(self) {
                    return Some(found);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(patience, looking).await.ok().flatten()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn new_socket(&self) -> String {
        let ticket = self.sockets.new_ticket();
        format!("ws://{}/link?ticket={ticket}", self.address)
    }

    pub(crate) fn response_url(&self, user: &str, channel: &str) -> String {
        let id = self.with(|world| world.new_response(user, channel));
        format!("http://{}/respond/{id}", self.address)
    }
}
