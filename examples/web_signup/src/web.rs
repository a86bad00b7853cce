//! The requests.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use event_core::error::BuildError;
use event_core::{Dispatcher, dispatcher::DispatcherBuilder};
use serde::Deserialize;

use crate::{Desk, Members, Refused, Statistics, UserSignedUp};

/// What requests share.
#[derive(Clone, Debug)]
pub struct App {
    /// Told of each sign-up.
    pub dispatcher: Dispatcher,
    members: Arc<Members>,
    statistics: Arc<Statistics>,
}

impl App {
    /// Gives a dispatcher what the handlers of this crate need.
    ///
    /// # Errors
    ///
    /// The program is not wired completely.
    pub fn build(builder: DispatcherBuilder, desk: Desk) -> Result<Self, BuildError> {
        let statistics = Arc::new(Statistics::default());
        let dispatcher = builder
            .module(crate::MODULE)
            .provide(desk)
            .provide_arc(Arc::clone(&statistics))
            .build()?;
        Ok(Self {
            dispatcher,
            members: Arc::default(),
            statistics,
        })
    }
}

impl FromRef<App> for Dispatcher {
    fn from_ref(app: &App) -> Self {
        app.dispatcher.clone()
    }
}

impl FromRef<App> for Arc<Members> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.members)
    }
}

impl FromRef<App> for Arc<Statistics> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.statistics)
    }
}

/// Which request goes where.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(front_page))
        .route("/signup", post(sign_up))
        .with_state(app)
}

/// The form, as it is sent.
#[derive(Deserialize)]
struct SignUp {
    name: String,
    email: String,
}

/// Makes somebody a member, which is what the client asked for and what may be refused; then states
/// the fact. What follows from that is nobody's business here.
///
/// `.spawned()`: axum drops this future when the client goes away. The sign-up is made by then, and
/// what follows from it must not end halfway.
async fn sign_up(
    State(members): State<Arc<Members>>,
    State(dispatcher): State<Dispatcher>,
    form: Result<Form<SignUp>, FormRejection>,
) -> Result<Response, Response> {
    let Form(form) = form.map_err(|rejection| unreadable(&rejection))?;
    let member = members
        .join(&form.name, &form.email)
        .map_err(IntoResponse::into_response)?;
    let mut text = format!(
        "welcome, {}: you are member {}\n",
        member.name, member.number
    );

    let event = UserSignedUp {
        member: member.number,
        name: member.name,
        email: member.email,
    };
    let report = dispatcher.emit_async(event).spawned().await;

    // The sign-up stands, whatever became of the rest; why it failed is no client's business.
    for failure in report.failures() {
        eprintln!("web_signup: {failure}");
    }
    if !report.is_ok() {
        text.push_str("not all of what follows went well: we know of it\n");
    }
    Ok((StatusCode::CREATED, text).into_response())
}

async fn front_page(
    State(members): State<Arc<Members>>,
    State(statistics): State<Arc<Statistics>>,
) -> String {
    format!("members: {}\n{statistics}", members.count())
}

/// What a client hears whose form is none. Axum's own words say what is missing.
fn unreadable(rejection: &FormRejection) -> Response {
    let status = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    let why = rejection.body_text();
    let text = format!("send a form with the fields `name` and `email`: {why}\n");
    (status, text).into_response()
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoName | Self::NoAddress(_) => StatusCode::BAD_REQUEST,
            Self::Taken(_) => StatusCode::CONFLICT,
        };
        (status, format!("{self}\n")).into_response()
    }
}
