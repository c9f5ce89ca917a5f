//! The form of a scenario file: a line that begins at the margin is a step,
//! indented lines below it are its block, `#` at the margin is a comment.

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Line number in the file, from 1.
    pub line: usize,
    /// The first word.
    pub verb: String,
    /// What follows it, as written.
    pub rest: String,
    /// The indented lines, without their indentation.
    pub block: Vec<String>,
}

impl Step {
    /// The words behind the verb.
    pub fn words(&self) -> Words<'_> {
        Words { left: self.rest.split_whitespace().collect() }
    }

    /// The block as a file: each line ended.
    pub fn block_text(&self) -> String {
        self.block.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Text of the step: the rest of its line, without the quotes that show
    /// blanks at the end.
    pub fn text(&self) -> String {
        unquote(&self.rest)
    }
}

/// `"text "` without its quotes, anything else as it is.
pub fn unquote(text: &str) -> String {
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(text).to_owned()
}

/// Reads a whole file.
pub fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut blanks = 0;
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            blanks += 1;
            continue;
        }
        let indented = line.strip_prefix("  ");
        match (indented, steps.last_mut()) {
            (Some(inside), Some(step)) => {
                // Empty lines count only inside a block.
                let gap = if step.block.is_empty() { 0 } else { blanks };
                step.block.extend(std::iter::repeat_n(String::new(), gap));
                step.block.push(inside.to_owned());
            }
            _ if line.starts_with('#') => {}
            _ => {
                let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
                let rest = rest.trim_start().to_owned();
                steps.push(Step { line: number + 1, verb: verb.to_owned(), rest, block: Vec::new() });
            }
        }
        blanks = 0;
    }
    steps
}

/// The words of a step, taken one by one or by name.
pub struct Words<'a> {
    left: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// The next word.
    pub fn next(&mut self, what: &str) -> Result<&'a str, String> {
        match self.left.is_empty() {
            false => Ok(self.left.remove(0)),
            true => Err(format!("{what} is missing")),
        }
    }

    /// The next word if there is one.
    pub fn maybe(&mut self) -> Option<&'a str> {
        (!self.left.is_empty()).then(|| self.left.remove(0))
    }

    /// The word behind `name`, if that is there; both are taken.
    pub fn named(&mut self, name: &str) -> Option<&'a str> {
        let at = self.left.iter().position(|word| *word == name).filter(|at| at + 1 < self.left.len())?;
        self.left.remove(at);
        Some(self.left.remove(at))
    }

    /// The same, read as a number, an address or the like.
    pub fn value<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        self.named(name).map(|text| text.parse().map_err(|_| format!("bad {name} {text:?}"))).transpose()
    }

    /// True if the word is there; it is taken.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.left.iter().position(|word| *word == name);
        at.map(|at| self.left.remove(at)).is_some()
    }

    /// Fails if a word is left that nobody took.
    pub fn end(self) -> Result<(), String> {
        match self.left.is_empty() {
            true => Ok(()),
            false => Err(format!("not understood: {}", self.left.join(" "))),
        }
    }
}

/// `10s`, `5m`, `2h`, `300ms` in milliseconds.
pub fn duration(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|symbol: char| symbol.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("bad time {text:?}"))?;
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("bad time {text:?}")),
    };
    Ok(number * unit)
}

/// `192.0.2.1#5353`, `192.0.2.1` (with `port`), `[fd00::1]#53`, `fd00::1`.
pub fn endpoint(text: &str, port: u16) -> Result<std::net::SocketAddr, String> {
    let (address, port) = match text.split_once('#') {
        Some((address, digits)) => (address, digits.parse().map_err(|_| format!("bad port in {text:?}"))?),
        None => (text, port),
    };
    let address = address.parse().map_err(|_| format!("bad address {text:?}"))?;
    Ok(std::net::SocketAddr::new(address, port))
}

/// `02:00:00:00:00:05`
pub fn hardware(text: &str) -> Result<Vec<u8>, String> {
    let octet = |pair: &str| u8::from_str_radix(pair, 16).map_err(|_| format!("bad hardware address {text:?}"));
    text.split(':').map(octet).collect()
}
