//! Numbers as loan files write them: `3600`, `3600.0`, `10.65%`, `1.5e+05`.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Digits of which any number fits into 64 bits.
const MAX_DIGITS: usize = 18;

/// `mantissa / 10^scale`.
struct Decimal {
    mantissa: i64,
    scale: u32,
}

fn decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mut mantissa, mut scale, mut point) = (0_i64, 0, false);
    if digits.len() > MAX_DIGITS || digits == b"." || digits.is_empty() {
        return None;
    }
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                scale += u32::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    Some(Decimal { mantissa: if negative { -mantissa } else { mantissa }, scale })
}

/// A whole number, perhaps with zeros behind the point.
pub fn whole(text: &[u8]) -> Option<i64> {
    match decimal(text) {
        Some(Decimal { mantissa, scale: 0 }) => Some(mantissa),
        Some(Decimal { mantissa, scale }) => {
            let unit = 10_i64.pow(scale);
            (mantissa % unit == 0).then_some(mantissa / unit)
        }
        None => {
            let number = float(text)?;
            (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
        }
    }
}

/// An amount of money in cents; what is less than half a cent is dropped.
pub fn cents(text: &[u8]) -> Option<i64> {
    let cents = match decimal(text) {
        Some(Decimal { mantissa, scale }) if scale <= 2 => mantissa.checked_mul(10_i64.pow(2 - scale))?,
        Some(Decimal { mantissa, scale }) => {
            let unit = 10_i64.pow(scale - 2);
            (mantissa + mantissa.signum() * (unit / 2)) / unit
        }
        None => {
            let number = (float(text)? * 100.0).round();
            (number.abs() < 9.0e15).then_some(number as i64)?
        }
    };
    // numeric(14,2) ends here.
    (cents.abs() < 100_000_000_000_000).then_some(cents)
}

/// Any finite number. Minus zero is zero.
pub fn float(text: &[u8]) -> Option<f64> {
    let number = match decimal(text) {
        // Both are exact, so the quotient is the nearest double: what the slower way would give.
        Some(Decimal { mantissa, scale }) if mantissa.unsigned_abs() < 1 << 53 => {
            mantissa as f64 / POWERS[scale as usize]
        }
        // Rust also reads words as numbers, files do not.
        _ if text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            std::str::from_utf8(text).ok()?.parse().ok()?
        }
        _ => return None,
    };
    number.is_finite().then_some(number + 0.0)
}

/// As [`float`], perhaps with a percent sign.
pub fn percent(text: &[u8]) -> Option<f64> {
    float(text.strip_suffix(b"%").unwrap_or(text).trim_ascii_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_files_write_them() {
        assert_eq!(
            ["3600", "3600.0", "-3.", "+7", "1e3"].map(|text| whole(text.as_bytes())),
            [Some(3600), Some(3600), Some(-3), Some(7), Some(1000)]
        );
        assert_eq!(
            ["12.5", "12,5", "", ".", "-", "A", "1.2.3", "inf", "NaN"].map(|text| whole(text.as_bytes())),
            [None; 9]
        );
        assert_eq!(
            ["162.87", "162.9", "5000", "0.005", "-0.005", "1e2"].map(|text| cents(text.as_bytes())),
            [Some(16287), Some(16290), Some(500_000), Some(1), Some(-1), Some(10_000)]
        );
        assert_eq!(cents(b"1000000000000"), None);
        assert_eq!(
            ["10.65%", "13.5", "7 %"].map(|text| percent(text.as_bytes())),
            [Some(10.65), Some(13.5), Some(7.0)]
        );
        assert_eq!(float(b"1306.9145000396"), Some(1306.9145000396));
        assert_eq!(float(b"-0").map(f64::to_bits), Some(0));
        assert_eq!(float(b"1e999"), None);
    }

    proptest! {
        #[test]
        fn every_double_is_read_as_the_standard_library_does(text in "-?[0-9]{1,22}(\\.[0-9]{0,20})?(e-?[0-9]{1,2})?") {
            prop_assert_eq!(float(text.as_bytes()), text.parse::<f64>().ok().map(|number| number + 0.0));
        }

        #[test]
        fn nothing_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..40), digits in "[-+0-9.eE%]{0,40}") {
            for text in [&text[..], digits.as_bytes()] {
                let _ = (whole(text), cents(text), percent(text));
            }
        }
    }
}
