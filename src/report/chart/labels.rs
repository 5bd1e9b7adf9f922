//! Where labels go that want to stand beside their points but not on one another.

/// For each wanted place, in the order given, a place at least `pitch` from every other and between `top` and `bottom`,
/// all as near to what was wanted as the order of the wanted places allows (least squares). If they don't fit the room,
/// they are spread over it evenly.
pub(super) fn spread(wanted: &[f64], pitch: f64, top: f64, bottom: f64) -> Vec<f64> {
    let Some(gaps) = wanted.len().checked_sub(1) else { return Vec::new() };
    let pitch = if gaps == 0 { 0.0 } else { pitch.min((bottom - top) / gaps as f64) };
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));

    // With the pitch taken off, places only must not fall: the pooling of adjacent violators finds the nearest such.
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wanted.len());
    for (rank, &index) in order.iter().enumerate() {
        pools.push((wanted[index] - rank as f64 * pitch, 1));
        while let [.., (above, upper), (below, lower)] = pools[..] {
            if above <= below {
                break;
            }
            pools.truncate(pools.len() - 2);
            let mean = (above * upper as f64 + below * lower as f64) / (upper + lower) as f64;
            pools.push((mean, upper + lower));
        }
    }
    let highest = bottom - gaps as f64 * pitch;
    let flat =
        pools.into_iter().flat_map(|(place, count)| std::iter::repeat_n(place.clamp(top, highest.max(top)), count));
    let mut places = vec![0.0; wanted.len()];
    for (rank, (&index, place)) in order.iter().zip(flat).enumerate() {
        places[index] = place + rank as f64 * pitch;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(spread(&[10.0, 300.0, 100.0], 20.0, 0.0, 400.0), [10.0, 300.0, 100.0]);
        assert_eq!(spread(&[], 20.0, 0.0, 400.0), [0.0; 0]);
    }

    #[test]
    fn equal_places_are_spread_around_their_place() {
        assert_eq!(spread(&[100.0; 3], 20.0, 0.0, 400.0), [80.0, 100.0, 120.0]);
        assert_eq!(spread(&[0.0; 3], 20.0, 0.0, 400.0), [0.0, 20.0, 40.0]);
    }

    proptest! {
        #[test]
        fn no_two_are_closer_than_the_pitch(wanted in prop::collection::vec(-50.0..550.0_f64, 0..24)) {
            let mut places = spread(&wanted, 20.0, 0.0, 500.0);
            prop_assert!(places.iter().all(|place| (-1e-6..=500.0 + 1e-6).contains(place)), "{places:?}");
            places.sort_by(f64::total_cmp);
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 20.0 - 1e-6), "{places:?}");
        }
    }
}
