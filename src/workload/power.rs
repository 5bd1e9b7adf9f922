//! Powers by the four operations of arithmetic only, so that a generated trace does not depend on whose mathematical
//! library computes logarithms.

/// The terms of the series for logarithms: the first one left out is below 2^-55.
const LOGARITHM_TERMS: u32 = 11;
/// Likewise for the exponential function.
const EXPONENTIAL_TERMS: u32 = 18;

/// `base` to the power of minus `exponent`, to within 10^-12 of its value.
///
/// `base` is at least 1, `exponent` from 0 to 10. Below 10^-307 the result is 0.
pub(super) fn inverse_power(base: u64, exponent: f64) -> f64 {
    exponential(-exponent * logarithm(base as f64))
}

/// The natural logarithm of a number that is at least 1.
fn logarithm(number: f64) -> f64 {
    let bits = number.to_bits();
    let mut power = (bits >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        power += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), where the fraction is at most 0.1716.
    let fraction = (mantissa - 1.0) / (mantissa + 1.0);
    let square = fraction * fraction;
    let mut sum = 0.0;
    for term in (0..LOGARITHM_TERMS).rev() {
        sum = sum * square + 1.0 / f64::from(2 * term + 1);
    }
    2.0 * fraction * sum + f64::from(power) * std::f64::consts::LN_2
}

/// e to the power of a number that is at most 0.
fn exponential(number: f64) -> f64 {
    let power = (number / std::f64::consts::LN_2 + 0.5).floor();
    if power < -1020.0 {
        return 0.0;
    }
    let rest = number - power * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for term in (1..EXPONENTIAL_TERMS).rev() {
        sum = 1.0 + rest / f64::from(term) * sum;
    }
    sum * f64::from_bits(((power as i32 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_mathematical_library() {
        for exponent in [0.0, 0.5, 0.99, 1.0, 1.5, 2.0, 7.3, 10.0] {
            for base in (1..2000).chain([65_536, 1_000_003, 99_999_999, 4_294_967_295]) {
                let (ours, theirs) = (inverse_power(base, exponent), (base as f64).powf(-exponent));
                assert!((ours / theirs - 1.0).abs() < 1e-12, "{base}^-{exponent}: {ours} and {theirs}");
            }
        }
        assert_eq!((inverse_power(1, 3.0), inverse_power(u64::MAX, 0.0)), (1.0, 1.0));
        assert!(exponential(-800.0) < f64::MIN_POSITIVE);
    }
}
