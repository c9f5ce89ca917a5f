//! Lines of a text that comes in pieces of any size. A line that lies whole in
//! one piece is handed on where it lies; only what straddles two is copied.

use super::octets::find;

/// A text being cut into lines.
#[derive(Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

impl Lines {
    /// Takes the next piece and tells `each` the lines that end in it, without
    /// their line feeds.
    pub fn feed(&mut self, piece: &[u8], each: &mut dyn FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(at) = find(rest, b'\n') {
            let (line, behind) = rest.split_at(at);
            if self.begun.is_empty() {
                each(line);
            } else {
                self.begun.extend_from_slice(line);
                each(&self.begun);
                self.begun.clear();
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        self.begun.extend_from_slice(rest);
    }

    /// Ends the text: tells `each` the last line if no line feed ended it.
    pub fn end(self, each: &mut dyn FnMut(&[u8])) {
        if !self.begun.is_empty() {
            each(&self.begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_text_is_cut() {
        let text = b"a\n\nlonger line\r\nlast";
        for size in 1..=text.len() {
            let mut found = Vec::new();
            let mut lines = Lines::default();
            for piece in text.chunks(size) {
                lines.feed(piece, &mut |line| found.push(line.to_vec()));
            }
            lines.end(&mut |line| found.push(line.to_vec()));
            assert_eq!(found, [&b"a"[..], b"", b"longer line\r", b"last"], "{size}");
        }
        Lines::default().end(&mut |_| panic!("no line"));
    }
}
