//! A state as a tree that a page can show, and what differs between two of them.

use serde::Serialize;

/// A value, field by field. Long lists, maps and texts are cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Tree {
    /// Named fields, also those of an enum's variant; of a tuple by number.
    Struct {
        /// Name of the type or variant.
        name: String,
        /// In the order of the type.
        fields: Vec<(String, Tree)>,
    },
    /// Keys and values.
    Map {
        /// Each key as text.
        entries: Vec<(String, Tree)>,
        /// How many entries are left out.
        more: u64,
    },
    /// One after the other.
    List {
        /// The first ones.
        items: Vec<Tree>,
        /// How many are left out.
        more: u64,
    },
    /// Everything else.
    Leaf {
        /// As a person reads it.
        text: String,
    },
}

/// The most paths that [`Tree::differs_from`] names.
const PATHS_MAX: usize = 500;

impl Tree {
    /// A leaf.
    #[must_use]
    pub fn leaf(text: impl Into<String>) -> Self {
        Self::Leaf { text: text.into() }
    }

    /// The paths at which this tree differs from `before`, steps joined by dots: fields by name, entries by
    /// key, items by their place from 0. What is new, gone, or of another kind is named as a whole.
    #[must_use]
    pub fn differs_from(&self, before: &Self) -> Vec<String> {
        let mut paths = Vec::new();
        differ(before, self, &mut Vec::new(), &mut paths);
        paths
    }

    /// The tree in one line, for a key.
    pub(super) fn line(&self) -> String {
        let named = |(name, tree): &(String, Self)| format!("{name}: {}", tree.line());
        let joined = |texts: Vec<String>| texts.join(", ");
        match self {
            Self::Leaf { text } => text.clone(),
            Self::Struct { fields, .. } if fields.iter().all(|(name, _)| name.parse::<u32>().is_ok()) => {
                joined(fields.iter().map(|(_, tree)| tree.line()).collect())
            }
            Self::Struct { fields, .. } => joined(fields.iter().map(named).collect()),
            Self::Map { entries, .. } => joined(entries.iter().map(named).collect()),
            Self::List { items, .. } => joined(items.iter().map(Self::line).collect()),
        }
    }
}

fn differ(before: &Tree, after: &Tree, path: &mut Vec<String>, paths: &mut Vec<String>) {
    if before == after || paths.len() >= PATHS_MAX {
        return;
    }
    match (before, after) {
        (Tree::Struct { name: old, fields: before }, Tree::Struct { name, fields: after }) if old == name => {
            differ_by_name(before, after, path, paths);
        }
        (Tree::Map { entries: before, more: old }, Tree::Map { entries: after, more }) => {
            differ_by_name(before, after, path, paths);
            if old != more {
                paths.push(path.join("."));
            }
        }
        (Tree::List { items: before, more: old }, Tree::List { items: after, more }) => {
            for place in 0..before.len().max(after.len()) {
                path.push(place.to_string());
                differ_if_both(before.get(place), after.get(place), path, paths);
                path.pop();
            }
            if old != more {
                paths.push(path.join("."));
            }
        }
        _ => paths.push(path.join(".")),
    }
}

fn differ_by_name(
    before: &[(String, Tree)],
    after: &[(String, Tree)],
    path: &mut Vec<String>,
    paths: &mut Vec<String>,
) {
    let find = |all: &'_ [(String, Tree)], name: &str| all.iter().position(|(other, _)| other == name);
    for (name, tree) in after {
        path.push(name.clone());
        differ_if_both(find(before, name).map(|place| &before[place].1), Some(tree), path, paths);
        path.pop();
    }
    for (name, _) in before.iter().filter(|(name, _)| find(after, name).is_none()) {
        path.push(name.clone());
        paths.push(path.join("."));
        path.pop();
    }
}

fn differ_if_both(before: Option<&Tree>, after: Option<&Tree>, path: &mut Vec<String>, paths: &mut Vec<String>) {
    match (before, after) {
        (Some(before), Some(after)) => differ(before, after, path, paths),
        _ => paths.push(path.join(".")),
    }
}
