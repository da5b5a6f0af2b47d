"""English phrases of leads, grouped by the intent that a human reader sees."""

ACCEPT = """
yes
Yes, sounds good
why not
Why not?
sure
OK
Okay, great
Let's talk tomorrow
Sounds great!
I'd love to
can we talk on Monday?
How about tomorrow at 5?
Yes, but how much does it cost?
call me
send me the link
works for me
I don't mind
no problem
I'm interested
Perfect
"""
REJECT = """
no
No, thanks
nope
not interested
I am not interested
Not really interested, sorry
stop
STOP
unsubscribe
please don't write to me
Don't call me
I don't need it
we already found someone
I changed my mind
wrong number
leave me alone
no longer relevant
I'll pass
no need, thanks
"""
QUESTION = """
how much is it?
What do you do?
who are you
do you build mobile apps
Do you make websites?
What is the price
How long does it take?
tell me more
ok, but what is the price?
where are you based?
No, what do you do?
Could you send some examples?
"""
AMBIGUOUS = """
hmm
maybe later
what?
huh?
asdfgh
maybe
I'm not sure
I'll think about it
not now
yes, but not now
Hello
I'm busy
perhaps some day
[sticker]
"""
