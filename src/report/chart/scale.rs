//! Scales: from a value to a place, linear or logarithmic, and the ticks that fit.

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    Log,
}

/// One axis: the values from `low` to `high` on the pixels from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    /// Where 0 stands on a logarithmic scale: on a line of its own, beyond a break.
    zero: Option<f64>,
}

/// The room between 0 and the end of a logarithmic scale.
const BREAK: f64 = 34.0;

impl Scale {
    /// An axis for values that are shown from the smallest to the largest of them, with no more than that: memory sizes.
    pub(super) fn tight(values: &[f64], log_above: f64, from: f64, to: f64) -> Self {
        let (low, high) = span(values).unwrap_or((1.0, 1.0));
        if high <= low {
            // One size: any width would do; this one gives ticks on both sides.
            return Self { kind: Kind::Log, low: low / 2.0, high: high * 2.0, from, to, zero: None };
        }
        let kind = if high / low > log_above { Kind::Log } else { Kind::Linear };
        Self { kind, low, high, from, to, zero: None }
    }

    /// An axis for `values` that ends at round numbers. Logarithmic if the largest is more than `log_above` times the
    /// smallest above 0; then zeros stand beyond a break. A linear one begins at 0, or near the smallest value where
    /// `near` and that is above half the largest.
    pub(super) fn round(values: &[f64], log_above: f64, near: bool, from: f64, to: f64) -> Self {
        let (low, high) = span(values).unwrap_or((1.0, 1.0));
        if high / low > log_above {
            let zero = values.contains(&0.0).then_some(from);
            let from = if zero.is_some() { from + BREAK * (to - from).signum() } else { from };
            return Self { kind: Kind::Log, low: round_down(low), high: round_up(high), from, to, zero };
        }
        let from_low = near && low > high / 2.0 && !values.contains(&0.0);
        // Values that are all but equal stand in the middle of an axis that can still be read.
        let room = if from_low && high - low < high / 100.0 { high / 100.0 } else { 0.0 };
        let (bottom, high) = (if from_low { low - room } else { 0.0 }, high + room);
        let step = 10_f64.powf((high - bottom).max(high / 50.0).log10().floor()) / 5.0;
        // Near its end a scale leaves a step of room: a line along the edge looks cut off.
        let tight = near && (high / step).ceil() - high / step < 0.25;
        let top = (high / step - 1e-9).ceil() * step + if tight { step } else { 0.0 };
        let bottom = (bottom / step + 1e-9).floor() * step;
        Self {
            kind: Kind::Linear,
            low: bottom,
            high: if top > bottom { top } else { bottom + step },
            from,
            to,
            zero: None,
        }
    }

    /// An axis with equal ratios from `low`, which is above 0, to `high`, which is above it.
    pub(super) fn log(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { kind: Kind::Log, low, high, from, to, zero: None }
    }

    /// An axis with equal steps from `low` to `high`, which is above it.
    pub(super) fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { kind: Kind::Linear, low, high, from, to, zero: None }
    }

    /// Where `value` stands; none for one the scale can't show.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let part = match self.kind {
            Kind::Log if value <= 0.0 => return self.zero.filter(|_| value == 0.0),
            Kind::Log => (value / self.low).ln() / (self.high / self.low).ln(),
            Kind::Linear => (value - self.low) / (self.high - self.low),
        };
        (-0.1..=1.1).contains(&part).then_some(self.from + part * (self.to - self.from))
    }

    /// The places of its lowest and its highest value.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Whether equal ratios, not equal differences, are equally far apart.
    pub(super) fn logarithmic(&self) -> bool {
        self.kind == Kind::Log
    }

    /// Where 0 stands and where the scale proper begins, if a break is between.
    pub(super) fn broken(&self) -> Option<(f64, f64)> {
        self.zero.map(|zero| (zero, self.from))
    }

    /// The ticks in the closest spacing that `fits`. `unit` is what a tick of 1 is worth on this scale: with 100th parts
    /// of a footprint the ticks are round percentages. No tick is closer to another than 1 unless `fine`.
    pub(super) fn ticks(&self, unit: f64, fine: bool, fits: impl Fn(&[(f64, f64)]) -> bool) -> Vec<(f64, f64)> {
        let (low, high) = (self.low / unit, self.high / unit);
        let sets = match self.kind {
            Kind::Log => log_sets(low, high),
            Kind::Linear => linear_sets(low, high, fine),
        };
        let placed = sets.into_iter().map(|values| {
            let inside =
                values.into_iter().filter(|&value| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9));
            inside.filter_map(|value| Some((value, self.place(value * unit)?))).collect::<Vec<_>>()
        });
        let mut fewest = Vec::new();
        for ticks in placed {
            if fits(&ticks) {
                return ticks;
            }
            fewest = ticks;
        }
        fewest.truncate(1);
        fewest
    }
}

/// The smallest value above 0 and the largest; none if no value is above 0.
fn span(values: &[f64]) -> Option<(f64, f64)> {
    let above = values.iter().copied().filter(|&value| value > 0.0 && value.is_finite());
    above.fold(None, |span, value| match span {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

const ROUND: [f64; 3] = [1.0, 2.0, 5.0];

/// The largest of 1, 2, 5, 10, 20, ... not above `value`.
fn round_down(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    ROUND.into_iter().rev().map(|step| step * decade).find(|&step| step <= value * (1.0 + 1e-9)).unwrap_or(decade)
}

/// The smallest of them not below `value`.
fn round_up(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    steps.into_iter().find(|&step| step >= value * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// Sets of round values from `low` to `high`, from the closest to the widest.
fn log_sets(low: f64, high: f64) -> Vec<Vec<f64>> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = |step: i32| (first..=last).filter(move |power| power.rem_euclid(step) == 0);
    let mantissas: [&[f64]; 4] = [&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &ROUND, &[1.0, 3.0], &[1.0]];
    let within = mantissas.into_iter().map(|mantissas| {
        decades(1).flat_map(|power| mantissas.iter().map(move |step| step * 10_f64.powi(power))).collect()
    });
    let across = (2..=6).map(|step| decades(step).map(|power| 10_f64.powi(power)).collect());
    within.chain(across).collect()
}

fn linear_sets(low: f64, high: f64, fine: bool) -> Vec<Vec<f64>> {
    let range = high - low;
    let start = (range / 50.0).log10().floor() as i32;
    let steps = (start..start + 4).flat_map(|power| ROUND.map(|step| step * 10_f64.powi(power)));
    let sets = steps.filter(|&step| (fine || step >= 1.0) && step <= range).map(|step| {
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last.min(first + 200)).map(|count| count as f64 * step).collect()
    });
    sets.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apart(ticks: &[(f64, f64)]) -> bool {
        ticks.windows(2).all(|pair| (pair[1].1 - pair[0].1).abs() >= 40.0)
    }

    #[test]
    fn five_decades_get_powers_of_ten() {
        let scale = Scale::round(&[3.0, 200_000.0, 0.0], 30.0, false, 500.0, 0.0);
        let values: Vec<f64> = scale.ticks(1.0, false, apart).into_iter().map(|(value, _)| value).collect();
        assert_eq!(values[..5], [3.0, 10.0, 30.0, 100.0, 300.0]);
        let wide = |ticks: &[(f64, f64)]| ticks.windows(2).all(|pair| (pair[1].1 - pair[0].1).abs() >= 70.0);
        let values: Vec<f64> = scale.ticks(1.0, false, wide).into_iter().map(|(value, _)| value).collect();
        assert_eq!(values, [10.0, 100.0, 1000.0, 10_000.0, 100_000.0]);
        assert_eq!(scale.place(0.0), Some(500.0));
        assert_eq!(scale.place(2.0), Some(500.0 - BREAK));
        assert_eq!(scale.place(-1.0), None);
    }

    #[test]
    fn close_values_get_a_linear_scale_from_zero_or_near() {
        let counts = Scale::round(&[80.0, 120.0], 30.0, false, 500.0, 0.0);
        assert_eq!(counts.place(0.0), Some(500.0));
        let ratios = Scale::round(&[80.0, 120.0], 8.0, true, 500.0, 0.0);
        assert_eq!((ratios.kind, ratios.low, ratios.high), (Kind::Linear, 80.0, 122.0));
    }

    proptest! {
        #[test]
        fn every_value_stands_on_the_axis(values in prop::collection::vec(prop_oneof![Just(0.0), 1.0..1e12_f64], 1..20), near: bool) {
            let scale = Scale::round(&values, 30.0, near, 500.0, 0.0);
            for value in values {
                let place = scale.place(value).expect("it has a place");
                prop_assert!((-1e-6..=500.0 + 1e-6).contains(&place), "{value} at {place} on {scale:?}");
            }
        }

        #[test]
        fn ticks_are_apart_and_on_the_axis(low in 1.0..1e9_f64, factor in 1.0..1e6_f64, unit in 1.0..1e5_f64) {
            let scale = Scale::tight(&[low, low * factor], 3.0, 0.0, 400.0);
            let ticks = scale.ticks(unit, false, apart);
            prop_assert!(apart(&ticks));
            prop_assert!(ticks.iter().all(|&(_, place)| (-1e-3..=400.001).contains(&place)));
        }
    }
}
