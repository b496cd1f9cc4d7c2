//! A stretch of time in a few numbers, for a chart that has fewer pixels than there are readings.

/// What the numbers of a series did within a stretch of time. Bad ones are left out: a broken sensor draws no peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Where it begins, µs since 1970, UTC; it ends where the next would begin.
    pub from_us: i64,
    /// How many numbers; never 0, since empty buckets are left out.
    pub count: u64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The earliest.
    pub first: f64,
    /// The latest.
    pub last: f64,
    /// The sum over the count.
    pub mean: f64,
}

/// Gathers numbers in order of time into buckets of equal width.
#[derive(Debug)]
pub(crate) struct Gather {
    from_us: i64,
    width_us: u64,
    buckets: Vec<Bucket>,
}

impl Gather {
    /// `buckets` of them over the stretch from `from_us` up to, and without, `to_us`.
    pub fn new(from_us: i64, to_us: i64, buckets: u32) -> Gather {
        let width_us = to_us.abs_diff(from_us).div_ceil(u64::from(buckets.max(1))).max(1);
        Gather { from_us, width_us, buckets: Vec::new() }
    }

    /// Takes the next number; `at_us` lies within the stretch and is not before the last one's.
    #[inline]
    pub fn push(&mut self, at_us: i64, number: f64) {
        if number.is_nan() {
            return;
        }
        let place = at_us.abs_diff(self.from_us) / self.width_us;
        let from_us = self.from_us.wrapping_add_unsigned(place * self.width_us);
        match self.buckets.last_mut() {
            // Until the end, `mean` holds the sum.
            Some(b) if b.from_us == from_us => {
                b.count += 1;
                b.min = b.min.min(number);
                b.max = b.max.max(number);
                b.last = number;
                b.mean += number;
            }
            _ => self.buckets.push(Bucket {
                from_us,
                count: 1,
                min: number,
                max: number,
                first: number,
                last: number,
                mean: number,
            }),
        }
    }

    pub fn finish(mut self) -> Vec<Bucket> {
        self.buckets.iter_mut().for_each(|b| b.mean /= b.count as f64);
        self.buckets
    }
}
