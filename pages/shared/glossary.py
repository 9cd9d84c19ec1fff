"""What the words of statistics mean here: one list, shown beside each term and as a whole."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Term:
    """A technical word: how people would say it, and what it means on these pages.

    Parameters
    ----------
    plain : str
        The words that stand first on a page.
    meaning : str
        One or two sentences in Markdown.
    """

    plain: str
    meaning: str


#: By the technical word, as pages write it.
TERMS = {
    "check-in": Term("one event", "Somebody did something at a time and, mostly, at a place: a "
                     "visit, an order, a trip, a flight."),
    "Acc@1": Term("right at the first try", "The share of questions in which the first suggestion "
                  "is what really came next. Acc@5, Acc@10 and Acc@20: in which it is among the "
                  "first 5, 10 or 20."),
    "MRR": Term("mean of 1 / rank", "What came next stands somewhere in the list; first counts 1, "
                "second 1/2, third 1/3, and so on. The mean of these over all questions (mean "
                "reciprocal rank)."),
    "NDCG": Term("how high in the first ten", "Like the mean of 1 / rank, but a place further down "
                 "loses less; outside the first ten counts nothing."),
    "95 % interval": Term("how far chance reaches", "Made so that in 95 of 100 cases it holds the "
                          "number of all such users, not just of these. A difference whose "
                          "interval holds 0 may be chance."),
    "held-out": Term("kept back", "Check-ins that came later than all a model has learned from. "
                     "Models are asked about them, so that learning by heart does not help."),
    "session": Term("one outing", "Check-ins of a person with no long break between them."),
    "nats": Term("more chance for what came", "The unit of a gain in information. 0.1 nats: what "
                 "really came next was given about 10 % more probability."),
    "shuffled": Term("as if by chance", "The same data with one thing dealt anew, such as the "
                     "hours. What is still found there is chance, and is what the real data must "
                     "beat."),
    "p": Term("how often chance does as well", "The share of shuffled data in which chance alone "
              "looks as strong as what was found: p 0.01 is one in a hundred."),
    "corrected": Term("stricter, because several things were tested", "Who looks four times finds "
                      "something by chance more easily. Each p is raised until all of them "
                      "together hold (Holm; for many hexagons Benjamini and Hochberg)."),
    "seed": Term("number of the draw", "Where chance is drawn, the same seed draws the same. "
                 "Another seed shows whether an answer hangs on the draw."),
    "autocorrelation": Term("how alike after a while", "How much an hour resembles the same hour "
                            "a day or a week later: 1 fully, 0 not at all."),
    "Moran’s I": Term("busy places lie together", "Above 0 busy hexagons lie beside busy ones, "
                      "around 0 they are mixed as by chance, below 0 they avoid each other. The "
                      "*local* one says it of a single hexagon."),
    "Knox": Term("near in place and in time", "Counts pairs of check-ins that are close in both, "
                 "against how many there would be if times fell on places by chance: 1 is chance."),
    "Shapley": Term("fair shares of a sum", "A way to split one number among those who made it: "
                    "each gets its mean effect over all orders in which they could join. The "
                    "shares add up exactly."),
    "k-core": Term("only who and what comes often enough", "Users and items with at least k "
                   "check-ins, again and again until all that are left have them."),
    "log score": Term("how much it was believed", "The logarithm of the probability that the model "
                      "gave to what came; nearer to 0 is better."),
    "Brier": Term("how far off stated chances are", "The squared distance between stated "
                  "probabilities and what came: 0 is perfect."),
    "calibration": Term("stated chances come true", "Of suggestions given 30 %, about 30 in 100 "
                        "should come. The calibration error (ECE) is how far off that is."),
    "F1": Term("hits without favouring the popular", "Precision and recall of the first suggestion "
               "in one number, in which each item counts the same."),
    "MAE": Term("off by so many, in the mean", "The mean distance between a forecast and what "
                "came. RMSE and MSE weigh large misses more."),
    "MASE": Term("against the simplest forecast", "The mean miss, divided by that of taking last "
                 "week’s or yesterday’s value again. Below 1 is better than that."),
    "80 % band": Term("where it will mostly be", "What comes should lie in it four times out of "
                      "five."),
    "hotspot": Term("busy together with its neighbours", "A hexagon that is, with those around it, "
                    "busier than shuffled maps would be (Getis-Ord)."),
    "false discoveries": Term("hits by chance alone", "With many hexagons tested some would stand "
                              "out by chance; their share among those marked is kept small."),
    "loss": Term("how surprised a model is", "The lower, the more probability it gave to what came "
                 "next. Training pushes it down."),
    "counter mix": Term("counting, well weighed", "It counts past visits and weighs them by how "
                        "recent they are, hour, weekday, order and distance. Takes seconds, and "
                        "every other model must beat it."),
    "ST-LLM": Term("time, place and words together", "The spatio-temporal model of strec with a "
                   "small language model inside, which reads names; its reasons add up."),
    "return": Term("somewhere they were before", "What the user took before. A *discovery* is "
                   "something they never took."),
    "drift": Term("habits that change", "What was taken lately says more than all the past, for "
                  "everybody or for one person."),
}  # fmt: skip


def help_of(*terms: str) -> str:
    """Return what terms mean, for the tooltip beside them."""
    return "\n\n".join(f"**{TERMS[each].plain}** ({each}): {TERMS[each].meaning}" for each in terms)


@st.dialog("What the words mean", width="large")
def dialog() -> None:
    """Show all terms, in the order of the alphabet."""
    asked = st.text_input("Look for", key="glossary_asked", placeholder="MRR, chance, interval …")
    for name, term in sorted(TERMS.items(), key=lambda each: each[0].lower()):
        if asked.strip().lower() in f"{name} {term.plain} {term.meaning}".lower():
            st.markdown(f"**{name}** · *{term.plain}*  \n{term.meaning}")
