//! Go's tabwriter, as kubectl uses it.

/// Aligns tab-terminated cells. A column is a run of consecutive lines that have the cell; the text
/// after the last tab of a line belongs to no column and is not padded.
///
/// go: text/tabwriter Writer.format; cell widths count characters
pub(super) fn align(text: &str, padding: usize, least: usize) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> =
        lines.iter().map(|line| vec![0; line.len().saturating_sub(1)]).collect();
    let deepest = widths.iter().map(Vec::len).max().unwrap_or_default();
    for column in 0..deepest {
        let mut start = 0;
        while start < lines.len() {
            let has = |line: usize| widths.get(line).is_some_and(|cells| column < cells.len());
            let end = (start..lines.len()).find(|line| !has(*line)).unwrap_or(lines.len());
            let cells = lines.iter().take(end).skip(start).filter_map(|line| line.get(column));
            let width = cells.map(|cell| cell.chars().count() + padding).max().unwrap_or_default().max(least);
            for row in widths.iter_mut().take(end).skip(start) {
                if let Some(cell) = row.get_mut(column) {
                    *cell = width;
                }
            }
            start = end + 1;
        }
    }
    let mut out = String::new();
    for (number, (line, widths)) in lines.iter().zip(&widths).enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for (index, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(index) {
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
            }
        }
    }
    out
}

/// A table as `kubectl get` prints it: upper-case headers, three spaces between columns.
///
/// k8s: cli-runtime/pkg/printers/tabwriter.go GetNewTabWriter (minwidth 6, padding 3)
pub(super) fn table(headers: &[&str], rows: &[Vec<String>], no_headers: bool) -> String {
    let mut text = String::new();
    if !no_headers {
        text.push_str(&headers.join("\t"));
        text.push('\n');
    }
    for row in rows {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    align(&text, 3, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_the_cell_ends_a_column() {
        let text = "Name:\tweb\nTLS:\n  Host\tPath\tBackends\n  a.example.com\t\n    \t/ \tweb:80\nEvents:\t<none>\n";
        assert_eq!(
            align(text, 2, 0),
            "Name:  web\nTLS:\n  Host           Path  Backends\n  a.example.com  \n                 /   web:80\nEvents:          <none>\n"
        );
    }

    #[test]
    fn get_pads_to_six_and_three() {
        let rows = [vec!["web".to_owned(), "ClusterIP".to_owned()]];
        assert_eq!(table(&["NAME", "TYPE"], &rows, false), "NAME   TYPE\nweb    ClusterIP\n");
        assert_eq!(table(&["NAME", "TYPE"], &rows, true), "web   ClusterIP\n");
    }
}
