//! The service of the README is used as its readers would use it.

use axum::body::Body;
use axum::http::Request;
use event_testing::{DispatcherExt as _, assert_caused, assert_handled};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{
    BoxError, Duration, OrderPlaced, Router, StatusCode, StockReserved, send_receipt, service,
};

/// The status and the text of a response to an order.
async fn order(router: &Router, body: &'static str) -> Result<(StatusCode, String), BoxError> {
    let request = Request::post("/orders")
        .header("content-type", "application/json")
        .body(Body::from(body))?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let text = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8(text.to_vec())?))
}

#[tokio::test]
async fn an_order_is_stored_reserved_and_its_receipt_is_sent() -> Result<(), BoxError> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("orders.db");
    let (router, dispatcher) = service(&format!("sqlite:{}?mode=rwc", database.display())).await?;

    let rec = dispatcher.record();
    let (status, text) = order(&router, "\"lamp\"").await?;
    assert_eq!(status, StatusCode::CREATED, "{text}");
    dispatcher.join(Duration::from_mins(1)).await?;
    assert_caused!(rec, OrderPlaced { item, .. } if item == "lamp" => StockReserved { order_id: 1 });
    assert_handled!(rec, send_receipt, Done);
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_no_order_is_refused() -> Result<(), BoxError> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("orders.db");
    let (router, _dispatcher) = service(&format!("sqlite:{}?mode=rwc", database.display())).await?;
    let (status, _) = order(&router, "lamp").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    Ok(())
}
