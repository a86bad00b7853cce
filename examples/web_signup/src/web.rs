//! The requests.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use event_core::error::BoxError;
use event_core::{Dispatcher, dispatcher::DispatcherBuilder};
use serde::Deserialize;

use crate::{Desk, Members, Refused, Statistics};

/// What requests share.
#[derive(Clone, Debug)]
pub struct App {
    /// Told of each sign-up.
    pub dispatcher: Dispatcher,
    /// Who is a member.
    pub members: Members,
    statistics: Arc<Statistics>,
}

impl App {
    /// Opens the database, and gives a dispatcher what the handlers of this crate need. What was not handled when the
    /// last process ended is handled now.
    ///
    /// # Errors
    ///
    /// The database cannot be opened, or the program is not wired completely.
    pub async fn build(builder: DispatcherBuilder, desk: Desk) -> Result<Self, BoxError> {
        let members = Members::open(&desk.database()).await?;
        let statistics = Arc::new(Statistics::of(&members.addresses().await?));
        let dispatcher = builder
            .module(crate::MODULE)
            .provide(desk)
            .provide_arc(Arc::clone(&statistics))
            .outbox(members.outbox())
            .build()?;
        Ok(Self {
            dispatcher,
            members,
            statistics,
        })
    }
}

impl FromRef<App> for Members {
    fn from_ref(app: &App) -> Self {
        app.members.clone()
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

/// Makes somebody a member, which is what the client asked for and what may be refused. What follows from that is
/// nobody's business here.
///
/// In a task of its own: axum drops this future when the client goes away, and a commit that is cut off can be made
/// without the handlers in memory being told of it.
async fn sign_up(
    State(members): State<Members>,
    form: Result<Form<SignUp>, FormRejection>,
) -> Result<Response, Response> {
    let Form(form) = form.map_err(|rejection| unreadable(&rejection))?;
    let joined = tokio::spawn(async move { members.join(&form.name, &form.email).await });
    let joined = joined
        .await
        .map_err(|panic| Refused::Database(panic.into()));
    let member = joined.flatten().map_err(IntoResponse::into_response)?;
    let text = format!(
        "welcome, {}: you are member {}\n",
        member.name, member.number
    );
    Ok((StatusCode::CREATED, text).into_response())
}

async fn front_page(State(statistics): State<Arc<Statistics>>) -> String {
    format!("members: {}\n{statistics}", statistics.members())
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
        let status = match &self {
            Self::NoName | Self::NoAddress(_) => StatusCode::BAD_REQUEST,
            Self::Taken(_) => StatusCode::CONFLICT,
            Self::Database(why) => {
                // Why is no client's business.
                eprintln!("web_signup: {why}");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}
