//! Lines in, lines out, on every core: order kept, memory constant, one bad line never stopping the rest.
//!
//! A fixed number of blocks goes round: the reader fills one with whole lines, a worker turns its lines
//! into answers, the writer restores the order, writes and gives the block back. So memory is bounded
//! whichever of the three is slow, and nothing is allocated once the blocks have grown.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// Bytes of input that a block is filled with: some hundred visits, so that hand-overs cost nothing.
const BLOCK_BYTES: usize = 256 * 1024;
/// The longest line that is read; a visit has a few thousand bytes.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Blocks per worker: one at work, one waiting, one being filled or written.
const BLOCKS_PER_WORKER: usize = 3;

/// Turns one line into one line of output, which it appends without its end.
///
/// On an error the output holds what stands in the answer's place, and the text is reported.
pub trait LineCoder {
    /// # Errors
    /// The reason to be reported with the number of the line.
    fn code(&mut self, line: &[u8], output: &mut Vec<u8>) -> Result<(), String>;

    /// Writes what stands in the place of an answer that could not be made.
    fn refuse(&mut self, reason: &str, output: &mut Vec<u8>);
}

/// What has been done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Lines answered, blank ones included.
    pub lines: u64,
    pub refused: u64,
    /// Bytes of input behind the answers.
    pub bytes: u64,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The number of the line in the input, counted from one.
    pub line: u64,
    pub reason: String,
}

/// Answers every line of `input` into `output`, line for line; blank lines stay blank.
///
/// `lines_before` is what earlier runs answered, so that numbers continue. `report` is called after each
/// block with what it brought.
///
/// # Errors
/// Reading or writing failed.
pub fn run<C: LineCoder>(
    input: impl Read + Send,
    output: &mut impl Write,
    workers: usize,
    lines_before: u64,
    coder: impl Fn() -> C + Sync,
    mut report: impl FnMut(Progress, &[Refusal]),
) -> io::Result<Progress> {
    let workers = workers.max(1);
    let (free_sender, free) = mpsc::channel();
    let (filled_sender, filled) = mpsc::channel();
    let (done_sender, done) = mpsc::channel();
    for _ in 0..workers * BLOCKS_PER_WORKER {
        // The receiver lives until the end of this function.
        let _ = free_sender.send(Block::default());
    }
    let filled = Mutex::new(filled);
    thread::scope(|scope| {
        scope.spawn(move || read_blocks(input, &free, &filled_sender));
        for _ in 0..workers {
            let (coder, filled, done) = (&coder, &filled, done_sender.clone());
            scope.spawn(move || work(coder(), filled, &done));
        }
        drop(done_sender);
        write_blocks(output, lines_before, done, free_sender, &mut report)
    })
}

/// Some whole lines on their way, and their answers.
#[derive(Default)]
struct Block {
    index: u64,
    /// As long as it ever was, so that nothing is cleared before it is overwritten.
    buffer: Vec<u8>,
    /// Bytes of the buffer that are this block's lines.
    length: usize,
    /// The block stands for one line that was too long to be kept.
    overlong: bool,
    /// The input could not be read any further.
    failure: Option<io::Error>,
    output: Vec<u8>,
    lines: u64,
    /// Refused lines, numbered within the block from zero.
    refusals: Vec<Refusal>,
    bytes: u64,
}

impl Block {
    /// Lets the buffer hold so many bytes.
    fn make_room(&mut self, length: usize) {
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
    }

    /// Makes the first bytes of the buffer this block's lines.
    fn take(&mut self, length: usize) {
        self.length = length;
        self.bytes = length as u64;
    }
}

fn read_blocks(mut input: impl Read, free: &Receiver<Block>, filled: &Sender<Block>) {
    let mut rest = Vec::new();
    for index in 0.. {
        let Ok(mut block) = free.recv() else { return };
        block.index = index;
        let more = match fill(&mut block, &mut rest, &mut input) {
            Ok(more) => more,
            Err(error) => {
                block.failure = Some(error);
                false
            }
        };
        let empty = block.length == 0 && !block.overlong && block.failure.is_none();
        if !empty && filled.send(block).is_err() || !more {
            return;
        }
    }
}

/// Fills a block with whole lines; what follows the last line end is kept in `rest`. Tells whether there
/// is more to read. What one read brings is handed on, so that a slow pipe is answered as it speaks.
fn fill(block: &mut Block, rest: &mut Vec<u8>, input: &mut impl Read) -> io::Result<bool> {
    block.overlong = false;
    let mut start = rest.len();
    block.make_room(start);
    block.buffer[..start].copy_from_slice(rest);
    rest.clear();
    loop {
        block.make_room(start + BLOCK_BYTES);
        let read = read_once(input, &mut block.buffer[start..start + BLOCK_BYTES]);
        // Half a line is no line: after a failed read only what was handed on before counts.
        let end = read.as_ref().map_or(0, |read| start + read);
        block.take(end);
        if read? == 0 {
            return Ok(false);
        }
        if let Some(last) = memchr::memrchr(b'\n', &block.buffer[start..end]) {
            let lines = start + last + 1;
            rest.extend_from_slice(&block.buffer[lines..end]);
            block.take(lines);
            return Ok(true);
        }
        if end >= LINE_BYTES_MAX {
            block.overlong = true;
            block.length = 0;
            return skip_line(block, rest, input);
        }
        start = end;
    }
}

fn read_once(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Passes over the rest of a line that is too long.
fn skip_line(block: &mut Block, rest: &mut Vec<u8>, input: &mut impl Read) -> io::Result<bool> {
    let mut buffer = vec![0; BLOCK_BYTES];
    loop {
        let read = read_once(input, &mut buffer)?;
        if read == 0 {
            return Ok(false);
        }
        let end = memchr::memchr(b'\n', &buffer[..read]);
        block.bytes += end.map_or(read, |end| end + 1) as u64;
        if let Some(end) = end {
            rest.extend_from_slice(&buffer[end + 1..read]);
            return Ok(true);
        }
    }
}

fn work(mut coder: impl LineCoder, filled: &Mutex<Receiver<Block>>, done: &Sender<Block>) {
    loop {
        // A poisoned lock cannot be: nothing that panics runs while it is held.
        let Ok(Ok(mut block)) = filled.lock().map(|filled| filled.recv()) else { return };
        answer(&mut coder, &mut block);
        if done.send(block).is_err() {
            return;
        }
    }
}

fn answer(coder: &mut impl LineCoder, block: &mut Block) {
    let Block { buffer, length, output, refusals, lines, .. } = block;
    output.clear();
    refusals.clear();
    *lines = 0;
    if block.overlong {
        let reason = format!("the line is longer than {LINE_BYTES_MAX} bytes");
        coder.refuse(&reason, output);
        output.push(b'\n');
        refusals.push(Refusal { line: 0, reason });
        *lines = 1;
        return;
    }
    let mut rest = &buffer[..*length];
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest[..end].trim_ascii();
        rest = rest.get(end + 1..).unwrap_or_default();
        if !line.is_empty()
            && let Err(reason) = code(coder, line, output)
        {
            refusals.push(Refusal { line: *lines, reason });
        }
        output.push(b'\n');
        *lines += 1;
    }
}

/// One line, whose fault in the program becomes a refused line and not a stopped run.
pub fn code(coder: &mut impl LineCoder, line: &[u8], output: &mut Vec<u8>) -> Result<(), String> {
    let before = output.len();
    catch_unwind(AssertUnwindSafe(|| coder.code(line, output))).unwrap_or_else(|_| {
        let reason = "a fault of the program while coding this line; please report it";
        output.truncate(before);
        coder.refuse(reason, output);
        Err(reason.to_owned())
    })
}

fn write_blocks(
    output: &mut impl Write,
    lines_before: u64,
    // Owned, so that a failed write ends the reader and the workers too.
    done: Receiver<Block>,
    free: Sender<Block>,
    report: &mut impl FnMut(Progress, &[Refusal]),
) -> io::Result<Progress> {
    let mut progress = Progress::default();
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    while let Ok(block) = done.recv() {
        waiting.insert(block.index, block);
        while let Some(mut block) = waiting.remove(&next) {
            next += 1;
            output.write_all(&block.output)?;
            for refusal in &mut block.refusals {
                refusal.line += lines_before + progress.lines + 1;
            }
            progress.lines += block.lines;
            progress.bytes += block.bytes;
            progress.refused += block.refusals.len() as u64;
            report(progress, &block.refusals);
            if let Some(error) = block.failure.take() {
                output.flush()?;
                return Err(error);
            }
            // The reader may have come to the end and gone.
            let _ = free.send(block);
        }
    }
    output.flush()?;
    Ok(progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers a line with itself in capitals; refuses and panics on request.
    struct Capitals;

    impl LineCoder for Capitals {
        fn code(&mut self, line: &[u8], output: &mut Vec<u8>) -> Result<(), String> {
            assert!(line != b"panic", "asked for");
            if line == b"bad" {
                self.refuse("bad", output);
                return Err("asked for".to_owned());
            }
            output.extend(line.to_ascii_uppercase());
            Ok(())
        }

        fn refuse(&mut self, _: &str, output: &mut Vec<u8>) {
            output.extend(b"REFUSED");
        }
    }

    fn run_text(input: &[u8], workers: usize) -> (String, Progress, Vec<Refusal>) {
        let (mut output, mut refused) = (Vec::new(), Vec::new());
        let report = |_, refusals: &[Refusal]| refused.extend_from_slice(refusals);
        let progress = run(input, &mut output, workers, 0, || Capitals, report).expect("no IO fault");
        (String::from_utf8(output).expect("text"), progress, refused)
    }

    #[test]
    fn order_is_kept_over_many_blocks() {
        let input: String = (0..200_000).map(|number| format!("line {number}\n")).collect();
        for workers in [1, 4] {
            let (output, progress, refused) = run_text(input.as_bytes(), workers);
            assert_eq!(output, input.to_uppercase());
            assert_eq!((progress.lines, progress.bytes), (200_000, input.len() as u64));
            assert_eq!(refused, []);
        }
    }

    #[test]
    fn bad_lines_are_numbered_and_do_not_stop_the_rest() {
        let (output, progress, refused) = run_text(b"a\nbad\n\n panic\r\nb", 2);
        assert_eq!(output, "A\nREFUSED\n\nREFUSED\nB\n");
        assert_eq!((progress.lines, progress.refused), (5, 2));
        let lines: Vec<u64> = refused.iter().map(|refusal| refusal.line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut input = b"a\n".to_vec();
        input.resize(3 * LINE_BYTES_MAX, b'x');
        input.extend(b"\nb\n");
        let (output, progress, refused) = run_text(&input, 2);
        assert_eq!(output, "A\nREFUSED\nB\n");
        assert_eq!((progress.bytes, refused[0].line), (input.len() as u64, 2));
        let (output, ..) = run_text(&vec![b'x'; LINE_BYTES_MAX + 1], 1);
        assert_eq!(output, "REFUSED\n");
        assert_eq!(run_text(b"", 2).0, "");
    }

    #[test]
    fn a_failing_writer_ends_the_run() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("full"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let endless = io::repeat(b'\n');
        assert!(run(endless, &mut Full, 2, 0, || Capitals, |_, _| {}).is_err());
    }

    #[test]
    fn a_failing_reader_gives_what_was_read_and_its_error() {
        struct Failing(bool);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("unplugged"));
                }
                buffer[..2].copy_from_slice(b"a\n");
                Ok(2)
            }
        }
        let mut output = Vec::new();
        let error = run(Failing(false), &mut output, 2, 0, || Capitals, |_, _| {}).expect_err("a fault");
        assert_eq!((error.to_string().as_str(), output.as_slice()), ("unplugged", b"A\n".as_slice()));
    }
}
