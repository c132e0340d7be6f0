//! One column of a row group, value by value.

use bytes::Bytes;
use parquet::file::metadata::ColumnChunkMetaData;

use super::decode;
use super::pages::{Encoding, Page, Pages};
use super::thrift::Thrift;

/// A column that is read from its first row on, a page at a time.
pub(super) struct Column<V> {
    pages: Pages,
    /// For a column whose values may be missing, one for each row of the page: 1 where there is a value.
    levels: Option<Vec<u32>>,
    /// Rows of the page, and how many of them are read.
    rows: usize,
    next_row: usize,
    next_value: usize,
    values: V,
}

/// The values of a page.
pub(super) trait Values: Default {
    /// Takes a dictionary of `count` values.
    fn set_dictionary(&mut self, bytes: Vec<u8>, count: usize) -> Option<()>;

    /// Takes the page's `count` values, which begin at `start`, in place of those of the page before.
    fn set_page(&mut self, bytes: Vec<u8>, start: usize, count: usize, encoding: Encoding) -> Option<()>;
}

impl<V: Values> Column<V> {
    pub(super) fn open(file: &Bytes, chunk: &ColumnChunkMetaData) -> Result<Self, String> {
        Ok(Self {
            pages: Pages::open(file, chunk)?,
            levels: (chunk.column_descr().max_def_level() > 0).then(Vec::new),
            rows: 0,
            next_row: 0,
            next_value: 0,
            values: V::default(),
        })
    }

    /// Goes to the next row; gives the place of its value in the page, when it has one.
    fn advance(&mut self) -> Result<Option<usize>, String> {
        while self.next_row == self.rows {
            let page = self.pages.next()?.ok_or("a column is shorter than the others")?;
            self.take(page).ok_or("the values of a page are damaged")?;
        }
        self.next_row += 1;
        if let Some(levels) = &self.levels
            && levels[self.next_row - 1] == 0
        {
            return Ok(None);
        }
        self.next_value += 1;
        Ok(Some(self.next_value - 1))
    }

    /// Passes over so many rows.
    pub(super) fn skip(&mut self, mut rows: usize) -> Result<(), String> {
        while rows > 0 {
            if self.next_row == self.rows {
                // A page that is passed over as a whole need not be unpacked.
                rows -= self.pages.skip(rows)?;
                if rows == 0 {
                    break;
                }
                let page = self.pages.next()?.ok_or("a column is shorter than the others")?;
                self.take(page).ok_or("the values of a page are damaged")?;
                continue;
            }
            let step = rows.min(self.rows - self.next_row);
            let passed = self.next_row..self.next_row + step;
            self.next_value += match &self.levels {
                Some(levels) => levels[passed].iter().filter(|&&level| level != 0).count(),
                None => step,
            };
            self.next_row += step;
            rows -= step;
        }
        Ok(())
    }

    fn take(&mut self, page: Page) -> Option<()> {
        if page.is_dictionary {
            return self.values.set_dictionary(page.bytes, page.count);
        }
        let (mut start, mut count) = (0, page.count);
        if let Some(levels) = &mut self.levels {
            levels.clear();
            let mut reader = Thrift(&page.bytes);
            let length = reader.length()?;
            decode::hybrid(&mut Thrift(reader.take(length)?), 1, page.count, levels)?;
            start = 4 + length;
            count = levels.iter().filter(|&&level| level != 0).count();
        }
        self.values.set_page(page.bytes, start, count, page.encoding)?;
        (self.rows, self.next_row, self.next_value) = (page.count, 0, 0);
        Some(())
    }
}

/// Numbers of 64 bits.
#[derive(Default)]
pub(super) struct Numbers {
    values: Vec<u64>,
    dictionary: Vec<u64>,
}

impl Values for Numbers {
    fn set_dictionary(&mut self, bytes: Vec<u8>, count: usize) -> Option<()> {
        self.dictionary.clear();
        decode::plain(&mut Thrift(&bytes), count, &mut self.dictionary)
    }

    fn set_page(&mut self, bytes: Vec<u8>, start: usize, count: usize, encoding: Encoding) -> Option<()> {
        self.values.clear();
        let mut reader = Thrift(bytes.get(start..)?);
        match encoding {
            Encoding::Plain => decode::plain(&mut reader, count, &mut self.values),
            Encoding::Delta => decode::delta(&mut reader, count, &mut self.values),
            Encoding::Dictionary => {
                let indices = indices(&mut reader, count)?;
                self.values.reserve(count);
                indices.into_iter().try_for_each(|index| {
                    self.values.push(*self.dictionary.get(index as usize)?);
                    Some(())
                })
            }
        }
    }
}

impl Column<Numbers> {
    /// The next row's number, when it has one.
    pub(super) fn number(&mut self) -> Result<Option<u64>, String> {
        Ok(self.advance()?.map(|place| self.values.values[place]))
    }
}

/// Texts, where they lie in the page or in the dictionary.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    places: Vec<(u32, u32)>,
    dictionary: Vec<u8>,
    dictionary_places: Vec<(u32, u32)>,
    is_in_dictionary: bool,
    /// For a page that uses the dictionary: which of its texts each value is.
    indices: Vec<u32>,
    /// What the texts of the dictionary were found to mean, [`UNKNOWN`] where nobody asked, and in which epoch.
    codes: Vec<u32>,
    epoch: u64,
}

/// No code.
const UNKNOWN: u32 = u32::MAX;

impl Values for Texts {
    fn set_dictionary(&mut self, bytes: Vec<u8>, count: usize) -> Option<()> {
        self.dictionary_places.clear();
        self.codes.clear();
        self.dictionary = bytes;
        decode::plain_texts(&self.dictionary, 0, count, &mut self.dictionary_places)
    }

    fn set_page(&mut self, bytes: Vec<u8>, start: usize, count: usize, encoding: Encoding) -> Option<()> {
        self.places.clear();
        self.bytes = bytes;
        self.is_in_dictionary = encoding == Encoding::Dictionary;
        match encoding {
            Encoding::Plain => decode::plain_texts(&self.bytes, start, count, &mut self.places),
            Encoding::Delta => None,
            Encoding::Dictionary => {
                self.indices = indices(&mut Thrift(self.bytes.get(start..)?), count)?;
                let texts = self.dictionary_places.len();
                self.indices.iter().all(|&index| (index as usize) < texts).then_some(())
            }
        }
    }
}

impl Texts {
    fn text(&self, place: usize) -> Result<&str, String> {
        std::str::from_utf8(self.bytes(place)).map_err(|_| "a text is not UTF-8".into())
    }

    fn bytes(&self, place: usize) -> &[u8] {
        let ((start, end), bytes) = if self.is_in_dictionary {
            (self.dictionary_places[self.indices[place] as usize], &self.dictionary)
        } else {
            (self.places[place], &self.bytes)
        };
        &bytes[start as usize..end as usize]
    }
}

impl Column<Texts> {
    /// The next row's text; empty when it has none.
    pub(super) fn text(&mut self) -> Result<&str, String> {
        let Some(place) = self.advance()? else { return Ok("") };
        self.values.text(place)
    }

    /// The next row's bytes; empty when it has none.
    pub(super) fn bytes(&mut self) -> Result<&[u8], String> {
        Ok(self.advance()?.map_or(&[], |place| self.values.bytes(place)))
    }

    /// What the next row's text means to `mean`, which is asked once for each text of a dictionary and epoch.
    pub(super) fn code(
        &mut self,
        epoch: u64,
        mut mean: impl FnMut(&str) -> Result<u32, String>,
    ) -> Result<u32, String> {
        let Some(place) = self.advance()? else { return mean("") };
        let values = &mut self.values;
        if !values.is_in_dictionary {
            return mean(values.text(place)?);
        }
        if values.epoch != epoch || values.codes.is_empty() {
            values.codes.clear();
            values.codes.resize(values.dictionary_places.len(), UNKNOWN);
            values.epoch = epoch;
        }
        let index = values.indices[place] as usize;
        if values.codes[index] == UNKNOWN {
            values.codes[index] = mean(values.text(place)?)?;
        }
        Ok(values.codes[index])
    }
}

/// Places in a dictionary: the number of bits that each takes, and then they.
fn indices(reader: &mut Thrift<'_>, count: usize) -> Option<Vec<u32>> {
    let mut indices = Vec::with_capacity(count);
    if count > 0 {
        let width = u32::from(reader.byte()?);
        (width <= u32::BITS).then(|| decode::hybrid(reader, width, count, &mut indices))??;
    }
    Some(indices)
}
