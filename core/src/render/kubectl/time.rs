//! Times as kubectl prints them, in UTC. There is no clock here: ages are unknown.

/// Year, month, day, hour, minute, second of an RFC 3339 time in UTC (`2026-01-02T03:04:05Z`).
fn parts(text: &str) -> Option<[u32; 6]> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let time = time.split('.').next()?;
    let mut numbers = date.split('-').chain(time.split(':')).map(str::parse::<u32>);
    let mut out = [0; 6];
    for number in &mut out {
        *number = numbers.next()?.ok()?;
    }
    let [_, month, day, ..] = out;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(out)
}

/// `2026-01-02 03:04:05 +0000 UTC`, as Go's `Time.String` prints it.
///
/// go: time.Time.String; the zero time when there is none
pub(super) fn go_string(time: Option<&str>) -> String {
    let [year, month, day, hour, minute, second] = time.and_then(parts).unwrap_or([1, 1, 1, 0, 0, 0]);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +0000 UTC")
}

/// `Fri, 02 Jan 2026 03:04:05 +0000`.
///
/// go: time.RFC1123Z
pub(super) fn rfc1123z(time: Option<&str>) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let [year, month, day, hour, minute, second] = time.and_then(parts).unwrap_or([1, 1, 1, 0, 0, 0]);
    let month_name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    let day_name = DAYS.get(weekday(year, month, day) as usize).copied().unwrap_or_default();
    format!("{day_name}, {day:02} {month_name} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// Day of the week, Sunday 0 (Zeller's congruence).
fn weekday(year: u32, month: u32, day: u32) -> u32 {
    let (year, month) = if month < 3 { (year.saturating_sub(1), month + 12) } else { (year, month) };
    let (century, rest) = (year / 100, year % 100);
    let zeller = day + 13 * (month + 1) / 5 + rest + rest / 4 + century / 4 + 5 * century;
    (zeller + 6) % 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_times_as_go_does() {
        assert_eq!(go_string(Some("2026-01-02T03:04:05Z")), "2026-01-02 03:04:05 +0000 UTC");
        assert_eq!(rfc1123z(Some("2026-01-02T03:04:05Z")), "Fri, 02 Jan 2026 03:04:05 +0000");
        assert_eq!(rfc1123z(Some("2024-02-29T23:59:59Z")), "Thu, 29 Feb 2024 23:59:59 +0000");
        assert_eq!(go_string(None), "0001-01-01 00:00:00 +0000 UTC");
    }
}
