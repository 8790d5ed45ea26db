//! Lists that copies of a snapshot have in common.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A list that costs nothing to copy until one of the copies is changed: a cluster of which one policy was
/// edited has its pods in common with the one before.
///
/// ```
/// use kubehop::model::Shared;
/// let one: Shared<u32> = vec![1, 2].into();
/// let mut other = one.clone();
/// other.push(3);
/// assert_eq!((one.len(), other.len()), (2, 3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared<T>(Arc<Vec<T>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(list: Vec<T>) -> Self {
        Self(Arc::new(list))
    }
}

impl<T> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        items.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T> Deref for Shared<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a, T> IntoIterator for &'a Shared<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
