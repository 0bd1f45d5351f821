"""What the chat channels share: buttons and their tokens, words, what a press of a button does.

A button carries a token that names question, line and answer in at most 64 bytes, the least any
vendor allows. Pressing is safe at any time and any number of times: the answer is taken by
`answering.take_answer`, which decides what it means, and whatever message was pressed is drawn
anew. A message that was sent twice (its first answer was lost) therefore has buttons that work.
"""
