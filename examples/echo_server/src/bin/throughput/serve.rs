//! The two servers that are this program, too.

use std::net::{Ipv4Addr, SocketAddr};

use clap::ValueEnum;
use echo_server::{Bare, Server, Tally};
use event_core::{Dispatcher, error::BoxError};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Ours,
    Bare,
}

/// Says where it listens, and serves until the process is ended.
pub(crate) fn serve(kind: Kind) -> Result<(), BoxError> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match kind {
        Kind::Ours => {
            let server = Server::listen(anywhere)?;
            let dispatcher = Dispatcher::builder()
                .module(echo_server::MODULE)
                .provide_arc(server.connections())
                .provide(Tally::default())
                .build()?;
            println!("listening on {}", server.address()?);
            Ok(server.serve(&dispatcher)?)
        }
        Kind::Bare => {
            let server = Bare::listen(anywhere)?;
            println!("listening on {}", server.address()?);
            match server.serve()? {}
        }
    }
}
