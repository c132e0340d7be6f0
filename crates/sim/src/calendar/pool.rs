//! Lists of entries in chunks from one pool, so that millions of short lists waste little and a list's
//! entries lie together.

/// Entries of a chunk.
const CHUNK: usize = 32;
const NONE: u32 = u32::MAX;

/// All lists of a calendar.
#[derive(Clone)]
pub(super) struct Pool<E> {
    chunks: Vec<Chunk<E>>,
    /// The first free chunk; the rest hang behind it.
    free: u32,
}

#[derive(Clone)]
struct Chunk<E> {
    /// Times within their epoch.
    offsets: [u32; CHUNK],
    entries: [Option<E>; CHUNK],
    next: u32,
}

/// A list: its first and last chunk and its length. All its chunks but the last are full.
#[derive(Clone, Copy)]
pub(super) struct List {
    head: u32,
    tail: u32,
    len: u32,
}

/// A chunk of a list: which, and the how manieth.
#[derive(Clone, Copy)]
pub(super) struct ChunkAt {
    pub(super) id: u32,
    index: u32,
}

/// Where an entry lies.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(super) chunk: u32,
    pub(super) slot: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { head: NONE, tail: NONE, len: 0 };

    pub(super) fn len(self) -> usize {
        self.len as usize
    }
}

impl<E> Pool<E> {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), free: NONE }
    }

    /// Chunks there are, free or not.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.chunks.len()
    }

    /// Adds an entry to the end of a list.
    #[inline]
    pub(super) fn push(&mut self, list: &mut List, offset: u32, entry: E) {
        let slot = list.len as usize % CHUNK;
        if slot == 0 {
            self.extend(list);
        }
        let chunk = &mut self.chunks[list.tail as usize];
        chunk.offsets[slot] = offset;
        chunk.entries[slot] = Some(entry);
        list.len += 1;
    }

    /// Hangs an empty chunk behind a list.
    fn extend(&mut self, list: &mut List) {
        let id = if self.free == NONE {
            assert!(self.chunks.len() < NONE as usize, "a hundred billion events wait");
            self.chunks.push(Chunk { offsets: [0; CHUNK], entries: [const { None }; CHUNK], next: NONE });
            self.chunks.len() as u32 - 1
        } else {
            let id = self.free;
            self.free = std::mem::replace(&mut self.chunks[id as usize].next, NONE);
            id
        };
        if list.len == 0 {
            list.head = id;
        } else {
            self.chunks[list.tail as usize].next = id;
        }
        list.tail = id;
    }

    /// The chunks of a list, in order. A chunk may be freed once the iterator has passed it, so the next
    /// one is looked up before that.
    pub(super) fn chunks(&self, list: List) -> Vec<ChunkAt> {
        let mut chunks = Vec::with_capacity(list.len().div_ceil(CHUNK));
        let mut id = list.head;
        for index in 0..list.len.div_ceil(CHUNK as u32) {
            chunks.push(ChunkAt { id, index });
            id = self.chunks[id as usize].next;
        }
        chunks
    }

    /// The places of a chunk that are used.
    pub(super) fn places(&self, list: List, chunk: ChunkAt) -> impl Iterator<Item = Place> + use<E> {
        let used = (list.len - chunk.index * CHUNK as u32).min(CHUNK as u32);
        (0..used).map(move |slot| Place { chunk: chunk.id, slot })
    }

    /// The times of the used places of a chunk.
    pub(super) fn offsets(&self, list: List, chunk: ChunkAt) -> &[u32] {
        let used = (list.len() - chunk.index as usize * CHUNK).min(CHUNK);
        &self.chunks[chunk.id as usize].offsets[..used]
    }

    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<(u32, &E)> {
        let chunk = &self.chunks[place.chunk as usize];
        chunk.entries[place.slot as usize].as_ref().map(|entry| (chunk.offsets[place.slot as usize], entry))
    }

    #[inline]
    pub(super) fn take(&mut self, place: Place) -> Option<E> {
        self.chunks[place.chunk as usize].entries[place.slot as usize].take()
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<(u32, E)> {
        let chunk = &mut self.chunks[place.chunk as usize];
        let offset = chunk.offsets[place.slot as usize];
        chunk.entries[place.slot as usize].take().map(|entry| (offset, entry))
    }

    /// Gives back a chunk whose entries were taken.
    pub(super) fn free(&mut self, id: u32) {
        self.chunks[id as usize].next = self.free;
        self.free = id;
    }
}
