"""How each section of a report works: the method, its equation, its reference, in plain text."""

WHEN = """\
Every check-in counts once, at its local time (time stamp plus the offset in the data). "3 times \
the average hour" compares the largest count of an hour of the week with the mean over all hours \
shown. Each row of the categories shows shares n(c, h) / Σ n(c, h'), sorted by the mean hour on \
the circle of 24 hours (Mardia & Jupp 2000)."""

RHYTHM = """\
Rhythms: the periodogram P(f) against the spectrum B(f) of noise: an ARMA(p, q) by Whittle's \
likelihood and AICc (Whittle 1953; Hurvich & Tsai 1989) beneath the peaks, raised where the m \
frequencies around lie above it; P / B is taken for F with 2 and 2m degrees of freedom. Day, week \
and all other lengths together are made to be wrong in at most 5 % of series (Šidák, Bonferroni).

Parts: y = T + S(day) + S(week) + R by STL or MSTL (Cleveland et al. 1990; Bandara, Hyndman & \
Bergmeir 2021). Strength of a part X: max(0, 1 − var(R) / var(X + R)) (Wang, Smith & Hyndman 2006).

Memory: ρ(k) = cor(y(t), y(t − k)), with Bartlett's bands; partial ones leave out what the periods \
between already told.

Steady or not: ADF starts from "it wanders", KPSS from "it is steady" (Dickey & Fuller 1979; \
Kwiatkowski et al. 1992).

Out of the ordinary: z = 2 √(y + 3/8), what trend and seasons do not explain, over its median \
absolute deviation at that hour; counts of which fewer than 20 are expected also by Poisson's \
distribution; at most 5 % of the alarms are expected to be false (Benjamini & Hochberg 1995). \
Shifts of the level: cumulative sums against the Kolmogorov distribution, with a variance that \
allows for memory (Vostrikova 1981)."""

NEXT = """\
Each forecaster sees only what came before a window and chooses its structure there. Seasonal \
naive: ŷ(t + h) = y(t + h − m). Exponential smoothing (Hyndman et al. 2008), harmonic regression \
with ARIMA errors, SARIMA φ(B) Φ(Bᵐ) (1 − B)ᵈ (1 − Bᵐ)ᴰ y = θ(B) Θ(Bᵐ) ε with orders by AICc (Box \
& Jenkins 1970), and an LSTM (Hochreiter & Schmidhuber 1997).

MAE is the mean absolute error; MASE divides it by that of repeating the last season in the past \
(Hyndman & Koehler 2006). Bands are split conformal (Vovk et al. 2005): what the model missed by \
when it forecast from many moments of the past, having learned three times on the way, by steps \
ahead."""

WHERE = """\
Hexagons are H3 cells (Brodsky 2018). Cells with fewer than 5 users are hidden (k-anonymity, \
Sweeney 2002).

Hotspots: Gi* = (Σ w x − W x̄) / (s √((n W − W²) / (n − 1))) over a hexagon and those it touches \
(Getis & Ord 1992; Ord & Getis 1995); Moran's I = (1 / n) Σ I(i) over all hexagons (Moran 1950; \
Anselin 1995). The neighbours are replaced by random hexagons 99,999 times; at most 5 % of the \
hexagons named are expected to be false (Benjamini & Hochberg 1995). Computed with PySAL's esda.

Rhythms of places: a self-organising map (Kohonen 1982) of the weeks of hexagons, \
w ← w + η e^(−d² / 2σ²) (√x − w); its nodes joined by Ward's method, their number by the \
silhouette (Rousseeuw 1987)."""

FAR = """\
Distance: from hexagon i, destination j is chosen with probability ∝ m(j) f(d), f = d^−β or \
e^(−d / s), with m(j) such that every hexagon gets as many arrivals as it has (doubly constrained \
gravity model, Wilson 1971). The interval resamples origins, the p-value shuffles the map.

Radius of gyration: √((1 / n) Σ d(r, r̄)²) (González, Hidalgo & Barabási 2008).

Predictability Π: the entropy S = n log₂ n / Σ Λ by Lempel and Ziv, where Λ is the length of the \
shortest run that did not occur before, and S = −Π log₂ Π − (1 − Π) log₂(1 − Π) + \
(1 − Π) log₂(N − 1) for N places (Song, Qu, Blumm & Barabási 2010), the bias of short histories \
taken off by shuffles."""

CHANGING = """\
Two halves: each hexagon's share of the check-ins of a half. Whole days are shuffled between the \
halves 4,999 times; p = (1 + as extreme) / (1 + shuffles), corrected for testing many hexagons \
(Benjamini & Hochberg 1995).

Trends: the straight line through Gi* per week or day, tested against slow waves around it \
(Lazarus et al. 2018), which memory makes large too, and by leaving out one of thirty groups of \
users after the other (jackknife); the larger p counts."""

GATE = """\
Each user's check-ins are cut in two halves. Counting models of the first predict the second: M0 \
knows habits, popularity and what was taken lately, M_T adds the time, M_S the place, M_TS both, \
M_TxS their combination, M_O what follows what. \
Evidence is a smoothed lift r(i, x) = (N(i, x) + κ r(g, x)) / (E(i, x) + κ) of item i in \
context x. The gain is the difference of mean log-likelihoods, in nats per check-in.

A yes needs a p-value of at most 0.05 against worlds in which only the ingredient tested is \
shuffled within users (Besag & Clifford 1989, 1991; Berrett et al. 2020), corrected for the \
number of tests (Holm 1979), an interval over resampled users above what these worlds gain, and \
0.005 nats more than they do."""
