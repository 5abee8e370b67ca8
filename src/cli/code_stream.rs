//! Files and pipes of visits, a JSON object a line: line N of the output answers line N of the input.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, IsTerminal, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::code_input::Lines;
use super::ordered_lines::{self, LineCoder, Progress, Refusal};

const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes that are kept of a line of an earlier run: more than any input has, and as much as most answers.
const KEPT_BYTES_MAX: usize = 16 * ordered_lines::LINE_BYTES_MAX;

/// Where lines come from and go, and how.
#[derive(Debug, Clone, Copy)]
pub struct Streaming<'a> {
    /// The file that the lines are read from; nothing for standard input.
    pub input: Option<&'a Path>,
    /// Standard output when it is absent.
    pub output: Option<&'a Path>,
    /// Continue an output that an earlier run left unfinished.
    pub resume: bool,
    pub workers: usize,
}

/// Codes every line; says on standard error how far it is, which lines were refused, and the sum.
///
/// # Errors
/// A file that cannot be opened, read or written, or an output that is no beginning of this input's.
pub fn run<C: LineCoder>(
    streaming: Streaming<'_>,
    lines: Lines,
    coder: impl Fn() -> C + Sync,
) -> anyhow::Result<Progress> {
    refuse_own_input(streaming.input, streaming.output)?;
    let mut input = BufReader::with_capacity(BUFFER_BYTES, lines.reader);
    let (mut output, earlier) = open_output(streaming.output, streaming.resume)?;
    let answered = earlier.lines;
    let asked = skip_lines(&mut input, answered)?;
    same_answers(&asked, &earlier, &mut coder())?;
    let skipped = asked.bytes;
    let bar = progress_bar(lines.length, skipped)?;
    let report = |progress: Progress, refusals: &[Refusal]| {
        for refusal in refusals {
            bar.suspend(|| tell!("line {}: {}", refusal.line, refusal.reason));
        }
        bar.set_position(skipped + progress.bytes);
        bar.set_message(rate(answered + progress.lines, progress.lines, bar.elapsed()));
    };
    let done = ordered_lines::run(input, &mut output, streaming.workers, answered, coder, report);
    bar.finish_and_clear();
    match done {
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Progress::default()),
        Err(error) if streaming.output.is_some() => {
            Err(error).context("the run stopped; --resume continues it")
        }
        Err(error) => Err(error).context("the run stopped"),
        Ok(progress) => {
            let before =
                if answered > 0 { format!(" after {answered} of earlier runs") } else { String::new() };
            tell!("{} lines answered{before}, {} of them refused", progress.lines, progress.refused);
            Ok(progress)
        }
    }
}

/// How many visits are answered, and how many of them a second in this run.
fn rate(answered: u64, in_this_run: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    format!("{answered} visits  {}/s", u128::from(in_this_run) * 1000 / milliseconds)
}

/// An output that is its own input would be emptied before it is read.
fn refuse_own_input(input: Option<&Path>, output: Option<&Path>) -> anyhow::Result<()> {
    let (Some(input), Some(output)) = (input, output) else { return Ok(()) };
    if let (Ok(from), Ok(to)) = (input.canonicalize(), output.canonicalize())
        && from == to
    {
        bail!("{} is the input: name another file with -o", output.display());
    }
    Ok(())
}

/// The output, and what of it earlier runs have answered.
fn open_output(path: Option<&Path>, resume: bool) -> anyhow::Result<(Box<dyn Write>, Ends)> {
    let Some(path) = path else {
        if resume {
            bail!("--resume continues a file: name it with -o");
        }
        return Ok((Box::new(io::stdout().lock()), Ends::default()));
    };
    let unwritable = || format!("{}: cannot be written", path.display());
    if !resume || !path.exists() {
        return Ok((Box::new(File::create(path).with_context(unwritable)?), Ends::default()));
    }
    let mut file = OpenOptions::new().read(true).write(true).open(path).with_context(unwritable)?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, &file);
    let earlier = Ends::of(&mut reader, u64::MAX).with_context(unwritable)?;
    // What follows the last line end is half an answer of a run that was stopped.
    file.set_len(earlier.bytes).with_context(unwritable)?;
    file.seek(SeekFrom::Start(earlier.bytes)).with_context(unwritable)?;
    Ok((Box::new(file), earlier))
}

/// The beginning and the end of some lines.
#[derive(Debug, Default)]
struct Ends {
    /// Whole lines, and the bytes they take.
    lines: u64,
    bytes: u64,
    first: Vec<u8>,
    last: Vec<u8>,
    /// What follows them without a line end.
    half: Vec<u8>,
}

impl Ends {
    /// Reads whole lines, at most so many. Of a line that is longer than any that is answered the beginning is kept.
    fn of(reader: &mut impl BufRead, most: u64) -> io::Result<Self> {
        let mut ends = Self::default();
        let mut read = 0;
        while ends.lines < most {
            let buffer = reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(ends);
            }
            let end = memchr::memchr(b'\n', buffer);
            let length = end.map_or(buffer.len(), |end| end + 1);
            let room = (KEPT_BYTES_MAX - ends.half.len()).min(length);
            ends.half.extend_from_slice(&buffer[..room]);
            reader.consume(length);
            read += length as u64;
            if end.is_some() {
                std::mem::swap(&mut ends.last, &mut ends.half);
                ends.half.clear();
                if ends.lines == 0 {
                    ends.first.clone_from(&ends.last);
                }
                ends.lines += 1;
                ends.bytes = read;
            }
        }
        Ok(ends)
    }
}

/// Passes over the lines that are answered.
fn skip_lines(input: &mut impl BufRead, count: u64) -> anyhow::Result<Ends> {
    let mut asked = Ends::of(input, count)?;
    // The last line may lack its end.
    if asked.lines + 1 == count && !asked.half.is_empty() {
        asked.lines = count;
        asked.bytes += asked.half.len() as u64;
        asked.last = std::mem::take(&mut asked.half);
        if count == 1 {
            asked.first.clone_from(&asked.last);
        }
    }
    if asked.lines < count {
        bail!("the output has {count} lines and the input fewer: it is not the output of this input");
    }
    Ok(asked)
}

/// Answers the first and the last of the lines again that earlier runs have answered: an output of other visits, or
/// of other settings or codes, must not be continued.
fn same_answers(asked: &Ends, answered: &Ends, coder: &mut impl LineCoder) -> anyhow::Result<()> {
    let pairs = [(1, &asked.first, &answered.first), (answered.lines, &asked.last, &answered.last)];
    for (number, line, before) in pairs.into_iter().filter(|_| answered.lines > 0) {
        // What is too long was refused unread.
        if line.len() > ordered_lines::LINE_BYTES_MAX || before.len() == KEPT_BYTES_MAX {
            continue;
        }
        let mut answer = Vec::new();
        if !line.trim_ascii().is_empty() {
            // A line that is refused has its error as its answer.
            let _ = ordered_lines::code(coder, line.trim_ascii(), &mut answer);
        }
        answer.push(b'\n');
        if answer != *before {
            bail!(
                "line {number} of the output is not what this input gives with these settings and codes: \
                 name another output, or leave --resume out to begin again"
            );
        }
    }
    Ok(())
}

/// A bar where a person watches; nothing in a pipe or a log.
fn progress_bar(length: Option<u64>, position: u64) -> anyhow::Result<ProgressBar> {
    if !io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{wide_bar} {percent}%  {msg}  {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
    };
    bar.set_style(ProgressStyle::with_template(template)?);
    bar.set_position(position);
    bar.reset_eta();
    Ok(bar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::code_input::{self, Given};

    struct Capitals;

    impl LineCoder for Capitals {
        fn code(&mut self, line: &[u8], output: &mut Vec<u8>) -> Result<(), String> {
            output.extend(line.to_ascii_uppercase());
            Ok(())
        }

        fn refuse(&mut self, _: &str, _: &mut Vec<u8>) {}
    }

    fn run_files(input: &Path, output: &Path, resume: bool) -> anyhow::Result<Progress> {
        let Given::Lines(lines) = code_input::open(input, true)? else { panic!("no lines") };
        run(Streaming { input: Some(input), output: Some(output), resume, workers: 2 }, lines, || Capitals)
    }

    #[test]
    fn an_output_is_never_its_own_input() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "a\n").expect("a file");
        assert!(run_files(file.path(), file.path(), false).is_err());
        assert_eq!(std::fs::read(file.path()).expect("a file"), b"a\n");
    }

    #[test]
    fn the_rate_counts_this_run_only() {
        assert_eq!(rate(1_500, 500, Duration::from_millis(250)), "1500 visits  2000/s");
        assert_eq!(rate(0, 0, Duration::ZERO), "0 visits  0/s");
    }

    #[test]
    fn a_stopped_run_is_continued_where_it_stopped() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        let text: String = (0..50_000).map(|number| format!("visit {number}\n")).collect();
        std::fs::write(&input, text.trim_end()).expect("written");
        for kept in [0, 5, 100_000, text.len() - 1, text.len()] {
            let half = text.to_uppercase();
            std::fs::write(&output, &half[..kept]).expect("written");
            let done = run_files(&input, &output, true).expect("a run");
            assert_eq!(std::fs::read_to_string(&output).expect("read"), half, "{kept}");
            let before = half[..kept].matches('\n').count() as u64;
            assert_eq!(done.lines, 50_000 - before, "{kept}");
        }
    }

    #[test]
    fn an_output_of_another_input_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        std::fs::write(&input, "a\n").expect("written");
        std::fs::write(&output, "A\nB\n").expect("written");
        assert!(run_files(&input, &output, true).is_err());
        assert_eq!(run_files(&input, &output, false).map(|done| done.lines).ok(), Some(1));
        std::fs::write(&input, "a\nb\nc\nd\n").expect("written");
        for (other, number) in [("X\nB\n", 1), ("A\nX\n", 2), ("A\nB\nX\nhalf", 3)] {
            std::fs::write(&output, other).expect("written");
            let error = run_files(&input, &output, true).expect_err(other).to_string();
            assert!(error.contains(&format!("line {number} of the output")), "{error}");
        }
        std::fs::write(&output, "A\nX\nC\nhalf").expect("written");
        assert!(run_files(&input, &output, true).is_ok(), "only the ends are answered again");
        assert!(run_files(&folder.path().join("none"), &output, false).is_err());
    }
}
