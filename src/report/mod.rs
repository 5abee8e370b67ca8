//! Answers for people: text, HTML and the quarterly change report.
