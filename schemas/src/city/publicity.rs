//! How far a category is public, and whether it wants photos.

/// What of a category may be public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publicity {
    /// On the map.
    Public,
    /// Only a blurred area.
    Area,
    /// Nowhere.
    Private,
}

/// Whether photos are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photos {
    /// Asked for.
    Ask,
    /// Taken.
    Ok,
    /// Not offered, for privacy or safety.
    No,
}
