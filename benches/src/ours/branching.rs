//! Events whose handlers take one of two paths.

use crate::work::branch;

counted_events!(branch);
