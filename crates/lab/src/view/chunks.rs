//! A long row of small values, of which copies share what has not changed since.
//!
//! A view of a million peers is copied for each checkpoint and for each page that looks at the past. The row
//! lies in chunks; a copy takes the chunks themselves, and whoever changes one first makes it its own.

use std::sync::Arc;

/// Values of a chunk, where nothing else is said: enough that a row has few chunks, and few enough that a change
/// of one value copies little.
const CHUNK: usize = 4096;

/// A row of values, in chunks of `N`.
#[derive(Clone, Debug)]
pub(super) struct Chunks<T, const N: usize = CHUNK> {
    len: usize,
    chunks: Vec<Chunk<T>>,
    /// What stands for every chunk that has never changed.
    blank: Arc<Vec<T>>,
}

/// `N` values each.
#[derive(Clone, Debug)]
enum Chunk<T> {
    /// Nobody else has them: they can be changed.
    Own(Vec<T>),
    /// Others may have them, too.
    Shared(Arc<Vec<T>>),
}

impl<T> Chunk<T> {
    fn values(&self) -> &[T] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }

    fn is(&self, known: &Arc<Vec<T>>) -> bool {
        matches!(self, Self::Shared(values) if Arc::ptr_eq(values, known))
    }
}

impl<T: Copy + Default, const N: usize> Chunks<T, N> {
    /// So many values, all of them the default. They take next to no memory before they change.
    pub fn new(len: usize) -> Self {
        let mut row = Self { len: 0, chunks: Vec::new(), blank: Arc::new(vec![T::default(); N]) };
        row.grow(len);
        row
    }

    /// Makes the row as long as this, with default values, if it is shorter.
    pub fn grow(&mut self, len: usize) {
        self.len = self.len.max(len);
        let chunks = self.len.div_ceil(N).max(self.chunks.len());
        self.chunks.resize_with(chunks, || Chunk::Shared(Arc::clone(&self.blank)));
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The value at this place.
    pub fn get(&self, place: usize) -> Option<T> {
        if place >= self.len {
            return None;
        }
        self.chunks.get(place / N)?.values().get(place % N).copied()
    }

    /// The value at this place, to be changed.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        if place >= self.len {
            return None;
        }
        let chunk = self.chunks.get_mut(place / N)?;
        if let Chunk::Shared(shared) = chunk {
            // When nobody else has it any more, nothing need be copied.
            let own = Arc::get_mut(shared).map(std::mem::take).unwrap_or_else(|| shared.to_vec());
            *chunk = Chunk::Own(own);
        }
        match chunk {
            Chunk::Own(values) => values.get_mut(place % N),
            Chunk::Shared(_) => None,
        }
    }

    /// The values of the chunks that have ever changed, each with its place.
    pub fn touched(&self) -> impl Iterator<Item = (usize, T)> {
        let touched = self.chunks.iter().enumerate().filter(|(_, chunk)| !chunk.is(&self.blank));
        touched.flat_map(|(number, chunk)| {
            let values = chunk.values().iter().enumerate();
            values.map(move |(place, &value)| (number * N + place, value))
        })
    }

    /// Copies made from now on share all that is there now.
    pub fn share(&mut self) {
        for chunk in &mut self.chunks {
            if let Chunk::Own(values) = chunk {
                *chunk = Chunk::Shared(Arc::new(std::mem::take(values)));
            }
        }
    }

    /// Bytes in memory, about, without what it shares with `other`.
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        let theirs = |place: usize| match other.and_then(|other| other.chunks.get(place)) {
            Some(Chunk::Shared(values)) => Some(values),
            _ => None,
        };
        let is_own = |&(place, chunk): &(usize, &Chunk<T>)| {
            !chunk.is(&self.blank) && theirs(place).is_none_or(|values| !chunk.is(values))
        };
        let own = self.chunks.iter().enumerate().filter(is_own);
        own.count() * N * size_of::<T>() + self.chunks.len() * size_of::<Chunk<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Copies taken at any time keep what they had, and are what a plain copy would be.
        #[test]
        fn a_copy_is_what_the_row_was(
            steps in prop::collection::vec((0_usize..40, any::<u32>(), 0_u8..5), 0..200),
        ) {
            let (mut row, mut plain) = (Chunks::<u32, 4>::new(10), vec![0; 10]);
            let mut copies: Vec<(Chunks<u32, 4>, Vec<u32>)> = Vec::new();
            for (place, value, step) in steps {
                match step {
                    0 => {
                        row.grow(place);
                        plain.resize(plain.len().max(place), 0);
                    }
                    1 => {
                        row.share();
                        copies.push((row.clone(), plain.clone()));
                    }
                    2 if !copies.is_empty() => {
                        // Back to an earlier copy, or on with it.
                        let chosen = place % copies.len();
                        (row, plain) = copies[chosen].clone();
                    }
                    3 if !copies.is_empty() => drop(copies.remove(place % copies.len())),
                    _ => {
                        let known = plain.get_mut(place).map(|known| *known = value);
                        prop_assert_eq!(row.get_mut(place).map(|known| *known = value), known);
                    }
                }
            }
            copies.push((row, plain));
            for (row, plain) in copies {
                prop_assert_eq!(row.len(), plain.len());
                prop_assert!((0..50).all(|place| row.get(place) == plain.get(place).copied()));
                let mut touched = vec![0; plain.len() + 4];
                row.touched().for_each(|(place, value)| touched[place] = value);
                prop_assert_eq!(&touched[..plain.len()], &plain);
            }
        }
    }

    #[test]
    fn a_copy_takes_the_memory_of_what_changed() {
        let mut row = Chunks::<u64>::new(100 * CHUNK);
        let least = row.bytes(None);
        assert!(least < 10_000, "{least} bytes for nothing");
        (0..10).for_each(|chunk| *row.get_mut(chunk * CHUNK).unwrap() = 7);
        row.share();
        let copy = row.clone();
        *row.get_mut(3).unwrap() = 8;
        assert_eq!(copy.bytes(None), least + 10 * CHUNK * 8);
        assert_eq!((row.bytes(Some(&copy)), copy.get(3)), (least + CHUNK * 8, Some(0)));
    }
}
